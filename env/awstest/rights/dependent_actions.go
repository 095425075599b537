package rights

import (
	"fmt"
	"os"
	"strings"
)

// dependentAction is what AWS asks beside a call's own action.
type dependentAction struct {
	action    string // the call's action
	condition string // a parameter that is said, or "tags"
	actions   string // actions
	// resources is what they are asked of: "*"; "=P", all ARNs that parameter P names;
	// or ARNs, in which ${P} is what the call says for P, ${P#x} what follows x
	// in that.
	resources string
	context   []string // keys and values in turn, likewise
}

// dependentQueries asks what a row says.
func (a *Inventory) dependentQueries(row dependentAction, c Call, s params) (queries []AuthzQuery, err error) {
	if row.condition == "tags" && len(s.tags()) == 0 || row.condition != "tags" && row.condition != "" && len(s.values(row.condition)) == 0 {
		return nil, nil
	}
	for _, name := range strings.Fields(row.actions) {
		action, service, err := a.Reference.findAction(name)
		if err != nil {
			return nil, err
		}
		for _, arn := range a.resourceARNs(row.resources, c, s) {
			var t *resourceType
			for _, listed := range action.ResourceTypes {
				if kind := service.resourceTypes[strings.ToLower(listed.Name)]; kind != nil && kind.arnPattern.MatchString(arn) {
					t = kind
				}
			}
			switch {
			case t != nil || arn == "*":
			case strings.HasPrefix(row.resources, "="):
				continue // one parameter may name things of several kinds
			default:
				return nil, fmt.Errorf("%s is not asked of %s (env/awstest/rights/besides.go)", name, arn)
			}
			context := a.requestContext(action, t, c, s)
			for i := 0; i < len(row.context); i += 2 {
				context[row.context[i]] = []string{a.expand(row.context[i+1], c, s)}
			}
			queries = append(queries, AuthzQuery{name, arn, context})
		}
	}
	return queries, nil
}

func (a *Inventory) resourceARNs(resources string, c Call, s params) (arns []string) {
	parameter, all := strings.CutPrefix(resources, "=")
	if !all {
		return strings.Fields(a.expand(resources, c, s))
	}
	for _, value := range s.values(parameter) {
		if strings.HasPrefix(value, "arn:") {
			arns = append(arns, value)
		}
	}
	return arns
}

func (a *Inventory) expand(text string, c Call, s params) string {
	return os.Expand(text, func(name string) string {
		name, marker, _ := strings.Cut(name, "#")
		value := map[string]string{"Region": c.Region, "Account": a.id, "Operation": c.Operation}[name]
		if value == "" {
			value = s.value(name)
		}
		if value == "" {
			return wildcard
		}
		if _, suffix, found := strings.Cut(value, marker); found && marker != "" {
			return suffix
		}
		return value
	})
}

// tagOnCreateRows are the rows for tags that EC2 gives what it makes (Amazon EC2 User
// Guide, "Grant permission to tag Amazon EC2 resources during creation").
func tagOnCreateRows(c Call, s params) (rows []dependentAction) {
	if c.Service != "ec2" {
		return nil
	}
	for _, list := range []string{"TagSpecification", "TagSpecifications"} {
		specs, _ := s.tree[list].(map[string]any)
		for _, spec := range specs {
			if spec, ok := spec.(map[string]any); ok {
				rows = append(rows, dependentAction{
					condition: "tags", actions: "ec2:CreateTags",
					resources: "arn:aws:ec2:${Region}:${Account}:" + memberOf(spec, "ResourceType") + "/" + wildcard,
					context:   []string{"ec2:CreateAction", "${Operation}"},
				})
			}
		}
	}
	return rows
}

// encryptionRows are the rows for the key that a bucket's objects, or a secret, are
// encrypted with (Amazon S3 User Guide, "Using server-side encryption with AWS
// KMS keys"; AWS Secrets Manager User Guide, "Secret encryption and
// decryption").
func (a *Inventory) encryptionRows(name string, c Call, s params) []dependentAction {
	action := map[string]string{
		"s3:GetObject": "kms:Decrypt", "s3:GetObjectVersion": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey",
		"secretsmanager:GetSecretValue": "kms:Decrypt",
	}[name]
	resource := "arn:aws:s3:::" + s.value("BucketName")
	if c.Service != "s3" {
		resource = s.value("SecretId")
	}
	key := a.keyOf(resource)
	if action == "" || key == "" {
		return nil
	}
	return []dependentAction{{actions: action, resources: key, context: []string{"kms:ViaService", c.Service + ".${Region}.amazonaws.com"}}}
}
