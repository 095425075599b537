package rights

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// actionsOf returns the actions that a call needs. It adds the names in the call's path
// to s.
func actionsOf(c Call, s params) ([]string, error) {
	prefix := c.Service
	if iamPrefix := iamPrefixes[prefix]; iamPrefix != "" {
		prefix = iamPrefix
	}
	switch {
	case c.Service == "s3" && !strings.HasPrefix(c.Path, "/v20180820/"):
		return []string{s3Action(c, s)}, nil
	case c.Service == "apigateway":
		return []string{"apigateway:" + c.Method}, nil
	case c.Operation == "":
		operation, err := matchRoute(c, s)
		return []string{prefix + ":" + operation}, err
	case c.Operation == "TransactWriteItems":
		return transactionActions(s), nil
	}
	if name := prefix + ":" + c.Operation; !freeActions[name] {
		return []string{name}, nil
	}
	return nil, nil
}

// transactionActions returns the actions of a transaction's items (Amazon DynamoDB
// Developer Guide, "Managing complex workflows with DynamoDB transactions").
func transactionActions(s params) (actions []string) {
	items, _ := s.tree["TransactItems"].([]any)
	for _, item := range items {
		item, _ := item.(map[string]any)
		for kind := range item {
			actions = append(actions, map[string]string{
				"ConditionCheck": "dynamodb:ConditionCheckItem", "Delete": "dynamodb:DeleteItem", "Put": "dynamodb:PutItem",
				"Update": "dynamodb:UpdateItem",
			}[kind])
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// matchRoute finds the operation by the call's method and path.
func matchRoute(c Call, s params) (string, error) {
	path := strings.Split(strings.Trim(c.Path, "/"), "/")
next:
	for _, line := range strings.Split(routes[c.Service], "\n") {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != c.Method {
			continue
		}
		steps := strings.Split(words[1], "/")
		if len(steps) != len(path) {
			continue
		}
		names := map[string]string{}
		for i, step := range steps {
			name, isName := strings.CutPrefix(step, ":")
			switch value, err := url.PathUnescape(path[i]); {
			case err != nil || !isName && step != path[i]:
				continue next
			case isName:
				names[name] = value
			}
		}
		for name, value := range names {
			s.tree[name] = value
		}
		return words[2], nil
	}
	return "", fmt.Errorf("%s has no %s %s (env/awstest/rights/operations.go)", c.Service, c.Method, c.Path)
}

// routes are the API References' own, of the operations that are used.
var routes = map[string]string{
	"elasticfilesystem": `
		POST   2015-02-01/file-systems                                               CreateFileSystem
		GET    2015-02-01/file-systems                                               DescribeFileSystems
		GET    2015-02-01/file-systems/replication-configurations                    DescribeReplicationConfigurations
		PUT    2015-02-01/file-systems/:FileSystemId                                 UpdateFileSystem
		DELETE 2015-02-01/file-systems/:FileSystemId                                 DeleteFileSystem
		GET    2015-02-01/file-systems/:FileSystemId/backup-policy                   DescribeBackupPolicy
		PUT    2015-02-01/file-systems/:FileSystemId/backup-policy                   PutBackupPolicy
		GET    2015-02-01/file-systems/:FileSystemId/lifecycle-configuration         DescribeLifecycleConfiguration
		PUT    2015-02-01/file-systems/:FileSystemId/lifecycle-configuration         PutLifecycleConfiguration
		GET    2015-02-01/file-systems/:FileSystemId/policy                          DescribeFileSystemPolicy
		PUT    2015-02-01/file-systems/:FileSystemId/policy                          PutFileSystemPolicy
		DELETE 2015-02-01/file-systems/:FileSystemId/policy                          DeleteFileSystemPolicy
		POST   2015-02-01/file-systems/:FileSystemId/replication-configuration       CreateReplicationConfiguration
		POST   2015-02-01/mount-targets                                              CreateMountTarget
		GET    2015-02-01/mount-targets                                              DescribeMountTargets
		DELETE 2015-02-01/mount-targets/:MountTargetId                               DeleteMountTarget
		GET    2015-02-01/mount-targets/:MountTargetId/security-groups               DescribeMountTargetSecurityGroups
		PUT    2015-02-01/mount-targets/:MountTargetId/security-groups               ModifyMountTargetSecurityGroups
		POST   2015-02-01/access-points                                              CreateAccessPoint
		GET    2015-02-01/access-points                                              DescribeAccessPoints
		DELETE 2015-02-01/access-points/:AccessPointId                               DeleteAccessPoint
		GET    2015-02-01/resource-tags/:ResourceId                                  ListTagsForResource
		POST   2015-02-01/resource-tags/:ResourceId                                  TagResource
		DELETE 2015-02-01/resource-tags/:ResourceId                                  UntagResource`,
	"backup": `
		PUT    backup-vaults/:backupVaultName                                        CreateBackupVault
		GET    backup-vaults/:backupVaultName                                        DescribeBackupVault
		PUT    backup-vaults/:backupVaultName/vault-lock                             PutBackupVaultLockConfiguration
		GET    backup-vaults/:backupVaultName/notification-configuration             GetBackupVaultNotifications
		PUT    backup-vaults/:backupVaultName/notification-configuration             PutBackupVaultNotifications
		DELETE backup-vaults/:backupVaultName/notification-configuration             DeleteBackupVaultNotifications
		PUT    backup/plans                                                          CreateBackupPlan
		GET    backup/plans/:backupPlanId                                            GetBackupPlan
		POST   backup/plans/:backupPlanId                                            UpdateBackupPlan
		DELETE backup/plans/:backupPlanId                                            DeleteBackupPlan
		PUT    backup/plans/:backupPlanId/selections                                 CreateBackupSelection
		GET    backup/plans/:backupPlanId/selections/:selectionId                    GetBackupSelection
		DELETE backup/plans/:backupPlanId/selections/:selectionId                    DeleteBackupSelection
		GET    tags/:resourceArn                                                     ListTags
		POST   tags/:resourceArn                                                     TagResource
		POST   untag/:resourceArn                                                    UntagResource`,
	"lambda": `
		POST   2015-03-31/functions                                                  CreateFunction
		GET    2015-03-31/functions/:FunctionName                                    GetFunction
		DELETE 2015-03-31/functions/:FunctionName                                    DeleteFunction
		PUT    2015-03-31/functions/:FunctionName/code                               UpdateFunctionCode
		GET    2015-03-31/functions/:FunctionName/configuration                      GetFunctionConfiguration
		PUT    2015-03-31/functions/:FunctionName/configuration                      UpdateFunctionConfiguration
		GET    2015-03-31/functions/:FunctionName/policy                             GetPolicy
		POST   2015-03-31/functions/:FunctionName/policy                             AddPermission
		DELETE 2015-03-31/functions/:FunctionName/policy/:StatementId                RemovePermission
		GET    2015-03-31/functions/:FunctionName/versions                           ListVersionsByFunction
		GET    2020-06-30/functions/:FunctionName/code-signing-config                GetFunctionCodeSigningConfig
		GET    2019-09-30/functions/:FunctionName/concurrency                        GetFunctionConcurrency
		PUT    2017-10-31/functions/:FunctionName/concurrency                        PutFunctionConcurrency
		GET    2017-03-31/tags/:Resource                                             ListTags
		POST   2017-03-31/tags/:Resource                                             TagResource
		DELETE 2017-03-31/tags/:Resource                                             UntagResource`,
	"route53": `
		GET    2013-04-01/hostedzone/:Id                                             GetHostedZone
		GET    2013-04-01/hostedzone/:Id/rrset                                       ListResourceRecordSets
		POST   2013-04-01/hostedzone/:Id/rrset                                       ChangeResourceRecordSets
		GET    2013-04-01/change/:Id                                                 GetChange
		GET    2013-04-01/tags/hostedzone/:Id                                        ListTagsForResource`,
	"s3": `
		GET    v20180820/tags/:resourceArn                                           ListTagsForResource
		POST   v20180820/tags/:resourceArn                                           TagResource
		DELETE v20180820/tags/:resourceArn                                           UntagResource`,
	"scheduler": `
		GET    schedules/:ScheduleName                                               GetSchedule
		GET    schedule-groups/:GroupName                                            GetScheduleGroup
		GET    tags/:ResourceArn                                                     ListTagsForResource`,
}

// s3Action returns the action of a call of Amazon S3 (Amazon S3 User Guide, "Required
// permissions for Amazon S3 API operations").
func s3Action(c Call, s params) string {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.Path, "/"), "/")
	if name, err := url.PathUnescape(key); err == nil {
		key = name
	}
	s.tree["BucketName"] = bucket
	verb := map[string]string{"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}[c.Method]
	if key != "" {
		s.tree["ObjectName"] = key
		action := "s3:" + verb + "Object"
		switch {
		case c.Query.Has("tagging"):
			action += "Tagging"
		case c.Query.Has("versionId") && verb != "Put":
			action += "Version"
		}
		return action
	}
	for part, noun := range bucketSubresources {
		if !c.Query.Has(part) {
			continue
		}
		// Most subresources are deleted with the Put permission.
		if verb == "Delete" && noun != "BucketPolicy" && noun != "BucketWebsite" {
			verb = "Put"
		}
		return "s3:" + verb + noun
	}
	switch {
	case c.Method == "PUT":
		s.tree["ObjectLockEnabledForBucket"] = c.Header.Get("X-Amz-Bucket-Object-Lock-Enabled")
		return "s3:CreateBucket"
	case c.Method == "DELETE":
		return "s3:DeleteBucket"
	case c.Query.Has("versions"):
		return "s3:ListBucketVersions"
	}
	return "s3:ListBucket"
}

var bucketSubresources = map[string]string{
	"accelerate": "AccelerateConfiguration", "acl": "BucketAcl", "cors": "BucketCORS", "encryption": "EncryptionConfiguration",
	"lifecycle": "LifecycleConfiguration", "location": "BucketLocation", "logging": "BucketLogging",
	"notification": "BucketNotification", "object-lock": "BucketObjectLockConfiguration",
	"ownershipControls": "BucketOwnershipControls", "policy": "BucketPolicy", "publicAccessBlock": "BucketPublicAccessBlock",
	"replication": "ReplicationConfiguration", "requestPayment": "BucketRequestPayment", "tagging": "BucketTagging",
	"versioning": "BucketVersioning", "website": "BucketWebsite",
}
