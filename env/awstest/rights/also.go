package rights

import (
	"fmt"
	"os"
	"strings"
)

// also is what AWS asks beside a call's own action.
type also struct {
	on   string // the call's action
	when string // a parameter that is said, or "tags"
	asks string // actions
	// of is what they are asked of: "*"; "=P", all ARNs that parameter P names;
	// or ARNs, in which ${P} is what the call says for P, ${P#x} what follows x
	// in that.
	of      string
	context []string // keys and values in turn, likewise
}

// beside asks what a row says.
func (a *Account) beside(row also, c Call, s said) (asks []Ask, err error) {
	if row.when == "tags" && len(s.tags()) == 0 || row.when != "tags" && row.when != "" && len(s.values(row.when)) == 0 {
		return nil, nil
	}
	for _, name := range strings.Fields(row.asks) {
		action, service, err := a.Lists.action(name)
		if err != nil {
			return nil, err
		}
		for _, arn := range a.things(row.of, c, s) {
			var t *resourceType
			for _, of := range action.ResourceTypes {
				if kind := service.kinds[strings.ToLower(of.Name)]; kind != nil && kind.arns.MatchString(arn) {
					t = kind
				}
			}
			switch {
			case t != nil || arn == "*":
			case strings.HasPrefix(row.of, "="):
				continue // one parameter may name things of several kinds
			default:
				return nil, fmt.Errorf("%s is not asked of %s (env/awstest/rights/besides.go)", name, arn)
			}
			told := a.context(action, t, c, s)
			for i := 0; i < len(row.context); i += 2 {
				told[row.context[i]] = []string{a.expand(row.context[i+1], c, s)}
			}
			asks = append(asks, Ask{name, arn, told})
		}
	}
	return asks, nil
}

func (a *Account) things(of string, c Call, s said) (arns []string) {
	parameter, all := strings.CutPrefix(of, "=")
	if !all {
		return strings.Fields(a.expand(of, c, s))
	}
	for _, value := range s.values(parameter) {
		if strings.HasPrefix(value, "arn:") {
			arns = append(arns, value)
		}
	}
	return arns
}

func (a *Account) expand(text string, c Call, s said) string {
	return os.Expand(text, func(name string) string {
		name, from, _ := strings.Cut(name, "#")
		value := map[string]string{"Region": c.Region, "Account": a.id, "Operation": c.Operation}[name]
		if value == "" {
			value = s.value(name)
		}
		if value == "" {
			return anyOne
		}
		if _, after, found := strings.Cut(value, from); found && from != "" {
			return after
		}
		return value
	})
}

// born are the rows for tags that EC2 gives what it makes (Amazon EC2 User
// Guide, "Grant permission to tag Amazon EC2 resources during creation").
func born(c Call, s said) (rows []also) {
	if c.Service != "ec2" {
		return nil
	}
	for _, list := range []string{"TagSpecification", "TagSpecifications"} {
		specs, _ := s.tree[list].(map[string]any)
		for _, spec := range specs {
			if spec, ok := spec.(map[string]any); ok {
				rows = append(rows, also{
					when: "tags", asks: "ec2:CreateTags",
					of:      "arn:aws:ec2:${Region}:${Account}:" + member(spec, "ResourceType") + "/" + anyOne,
					context: []string{"ec2:CreateAction", "${Operation}"},
				})
			}
		}
	}
	return rows
}

// opened are the rows for the key that a bucket's objects, or a secret, are
// encrypted with (Amazon S3 User Guide, "Using server-side encryption with AWS
// KMS keys"; AWS Secrets Manager User Guide, "Secret encryption and
// decryption").
func (a *Account) opened(name string, c Call, s said) []also {
	asks := map[string]string{
		"s3:GetObject": "kms:Decrypt", "s3:GetObjectVersion": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey",
		"secretsmanager:GetSecretValue": "kms:Decrypt",
	}[name]
	what := "arn:aws:s3:::" + s.value("BucketName")
	if c.Service != "s3" {
		what = s.value("SecretId")
	}
	key := a.keyOf(what)
	if asks == "" || key == "" {
		return nil
	}
	return []also{{asks: asks, of: key, context: []string{"kms:ViaService", c.Service + ".${Region}.amazonaws.com"}}}
}
