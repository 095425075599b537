package rights

import (
	"fmt"
	"os"
	"strings"
)

// dependentAction is a further action that AWS checks for a call, besides the call's
// own. (AWS's documents call it a dependent action.)
type dependentAction struct {
	action    string // the call's action
	condition string // a parameter that the call must have, or "tags"
	actions   string // separated by spaces
	// resources are "*"; or "=P", all ARNs in parameter P; or ARNs. In an ARN, ${P} is
	// the value of parameter P, and ${P#x} the part of that value after x.
	resources string
	context   []string // keys and values in turn; values are expanded like resources
}

// dependentQueries returns the queries of a row that apply to the call.
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
				continue // a parameter may contain ARNs of several types
			default:
				return nil, fmt.Errorf("%s has no resource type that matches %s (env/awstest/rights/dependent_action_rows.go)", name, arn)
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

// tagOnCreateRows returns the rows for tags that EC2 sets on creation (Amazon EC2 User
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

// encryptionRows returns the rows for the KMS key of a bucket's objects or of a secret
// (Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"; AWS Secrets
// Manager User Guide, "Secret encryption and decryption").
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
