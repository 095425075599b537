package risk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	tfjson "github.com/hashicorp/terraform-json"
)

// judge judges a plan that is written as JSON, without its format version.
func judge(t *testing.T, text string) Report {
	t.Helper()
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := json.Unmarshal([]byte(`{"format_version":"1.2",`+text+`}`), &plan); err != nil {
		t.Fatal(err)
	}
	return Judge(&plan)
}

func TestClass(t *testing.T) {
	t.Parallel()
	for class := None; class <= Loss; class++ {
		text, err := class.MarshalText()
		var got Class
		if err != nil || got.UnmarshalText(text) != nil || got != class {
			t.Errorf("%v: %q, %v", class, text, err)
		}
		if class.NeedsApproval() != (class > Update) {
			t.Errorf("%v asks: %v", class, class.NeedsApproval())
		}
	}
	if _, err := ParseClass("fatal"); err == nil || !strings.Contains(err.Error(), "interruption") {
		t.Errorf("an unknown class: %v", err)
	}
	if _, err := Class(9).MarshalText(); err == nil {
		t.Error("class 9 has a name")
	}
}

// TestActions judges what has no values to look at.
func TestActions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resource string
		risk     Class
		rule     string // nothing: it is not in the report
	}{
		"no-op":             {`"type":"aws_eip","change":{"actions":["no-op"]}`, None, ""},
		"read":              {`"mode":"data","type":"aws_ami","change":{"actions":["read"]}`, None, ""},
		"read of a program": {`"mode":"data","type":"external","change":{"actions":["read"]}`, Interruption, "action.read-program"},
		"move":              {`"type":"aws_eip","previous_address":"aws_eip.y","change":{"actions":["no-op"]}`, None, "action.move"},
		"import":            {`"type":"aws_eip","change":{"actions":["no-op"],"importing":{"id":"a"}}`, None, "action.import"},
		"forget":            {`"type":"aws_eip","change":{"actions":["forget"]}`, None, "action.forget"},
		"create, forget":    {`"type":"aws_eip","change":{"actions":["create","forget"]}`, Interruption, "action.abandon"},
		"create":            {`"type":"other","change":{"actions":["create"],"after":{}}`, Update, "action.create"},
		"update":            {`"type":"other","change":{"actions":["update"],"before":{},"after":{"a":1}}`, Update, "action.update"},
		"delete":            {`"type":"other","change":{"actions":["delete"],"before":{}}`, Destroy, "action.delete"},
		"delete, create":    {`"type":"other","change":{"actions":["delete","create"]}`, Replace, "action.replace"},
		"create, delete":    {`"type":"other","change":{"actions":["create","delete"]}`, Replace, "action.replace"},
		"left over":         {`"type":"aws_db_instance","deposed":"0123","change":{"actions":["delete"],"before":{}}`, Loss, "data.aws_db_instance"},
		"not known":         {`"type":"other","change":{"actions":["rewrite"]}`, Interruption, "action.unknown"},
		"no change":         {`"type":"other"`, None, ""},
	} {
		report := judge(t, `"resource_changes":[{"address":"x",`+c.resource+`}]`)
		rule := ""
		if len(report.Changes) > 0 {
			rule = report.Changes[0].Rule
		}
		if report.Risk != c.risk || rule != c.rule {
			t.Errorf("%s: %v by %q, not %v by %q", name, report.Risk, rule, c.risk, c.rule)
		}
	}
}

// TestPrograms: what runs a program asks.
func TestPrograms(t *testing.T) {
	t.Parallel()
	const configuration = `"configuration":{"root_module":{"module_calls":{"m":{"module":{"resources":[
		{"address":"terraform_data.a","mode":"managed","type":"terraform_data","name":"a","provisioners":[{"type":"local-exec"}]}]}}}}}`
	report := judge(t, `"resource_changes":[
		{"address":"module.m[\"k.[0]\"].terraform_data.a[0]","mode":"managed","type":"terraform_data","change":{"actions":["create"],"after":{}}},
		{"address":"terraform_data.a","mode":"managed","type":"terraform_data","change":{"actions":["create"],"after":{}}}],`+configuration)
	if len(report.Changes) != 2 || report.Changes[0].Rule != "action.provisioner" || report.Changes[1].Rule != "action.create" || report.Risk != Interruption {
		t.Errorf("%+v", report)
	}
	if why := report.Changes[0].Why; !strings.Contains(why.En, "(local-exec)") || !strings.Contains(why.Ja, "local-exec") {
		t.Errorf("%+v", why)
	}
	report = judge(t, `"resource_changes":[{"address":"module.m.terraform_data.a","mode":"managed","type":"terraform_data","change":{"actions":["delete","create"]}}],`+configuration)
	if report.Risk != Replace || !strings.Contains(report.Changes[0].Why.En, "runs a program") {
		t.Errorf("replaced: %+v", report)
	}
	const gone = `"resource_drift":[{"address":"aws_eip.a","type":"aws_eip","change":{"actions":["delete"],"before":{}}},
		{"address":"aws_eip.b","type":"aws_eip","change":{"actions":["update"],"before":{},"after":{}}},{"address":"local_file.a","type":"local_file","change":{"actions":["delete"]}}],`
	for address, want := range map[string]string{"aws_eip.a": "action.recreate", "aws_eip.b": "action.create", "aws_eip.c": "action.create", "local_file.a": "action.create"} {
		typeName, _, _ := strings.Cut(address, ".")
		report = judge(t, gone+`"resource_changes":[{"address":"`+address+`","mode":"managed","type":"`+typeName+`","change":{"actions":["create"],"after":{}}}]`)
		if len(report.Changes) != 1 || report.Changes[0].Rule != want {
			t.Errorf("%s, which may be gone: %+v", address, report)
		}
	}
	for types, want := range map[string]string{"aws_vpc": "action.recreate", "aws_vpc aws_subnet": "action.create", "local_file local_file": "action.recreate"} {
		var found []string
		for i, typeName := range strings.Fields(types) {
			found = append(found, fmt.Sprintf(`{"address":"%s.%d","mode":"managed","type":"%[1]s"}`, typeName, i))
		}
		report = judge(t, gone+`"prior_state":{"format_version":"1.0","values":{"root_module":{"child_modules":[{"resources":[`+strings.Join(found, ",")+`]}]}}},
			"resource_changes":[{"address":"aws_eip.a","mode":"managed","type":"aws_eip","change":{"actions":["create"],"after":{}}}]`)
		if len(report.Changes) != 1 || report.Changes[0].Rule != want {
			t.Errorf("found: %s: %+v", types, report)
		}
	}
	report = judge(t, `"action_invocations":[{"address":"action.aws_lambda_invoke.a","type":"aws_lambda_invoke"}]`)
	if report.Risk != Interruption || report.Changes[0].Address != "action.aws_lambda_invoke.a" {
		t.Errorf("invoked: %+v", report)
	}
	report = judge(t, `"deferred_changes":[{"reason":"provider_config_unknown","resource_change":{"address":"x","type":"aws_eip","change":{"actions":["delete"]}}}]`)
	if report.Risk != None || len(report.Changes) != 1 {
		t.Errorf("deferred: %+v", report)
	}
}

// TestSentencesHideAndCut: no sensitive value, no control character and no long text is in a
// sentence, and every sentence is in both languages.
func TestSentencesHideAndCut(t *testing.T) {
	t.Parallel()
	report := judge(t, `"resource_changes":[
		{"address":"a","mode":"managed","type":"aws_db_instance","change":{"actions":["update"],
			"before":{"identifier":"secret-a","port":1},"after":{"identifier":"secret-b","port":2},
			"before_sensitive":{"identifier":true},"after_sensitive":{}}},
		{"address":"b","mode":"managed","type":"aws_route53_record","change":{"actions":["update"],
			"before":{"name":"\u001b[31mx","records":["secret-c"]},"after":{"name":"x","records":["secret-d"]},
			"before_sensitive":{"records":[true]},"after_sensitive":{"records":[true]}}},
		{"address":"c","mode":"managed","type":"aws_lb","change":{"actions":["update"],
			"before":{"new":"`+strings.Repeat("x", 500)+`"},"after":{"new":"y"}}},
		{"address":"d","mode":"managed","type":"aws_globalaccelerator_endpoint_group","change":{"actions":["update"],
			"before":{"endpoint_configuration":[{"endpoint_id":"secret-e","weight":1}]},"after":{"endpoint_configuration":[]},
			"before_sensitive":{"endpoint_configuration":true}}}]`)
	for _, c := range report.Changes {
		for _, text := range []string{c.Why.En, c.Why.Ja} {
			if text == "" || strings.Contains(text, "\x1b") || strings.Contains(text, "secret-a") || strings.Contains(text, "secret-c") ||
				strings.Contains(text, "secret-d") || strings.Contains(text, "secret-e") || len(text) > 600 {
				t.Errorf("%s: %q", c.Address, text)
			}
		}
		if c.Risk != Interruption {
			t.Errorf("%s: %v", c.Address, c.Risk)
		}
	}
}

// TestReport: the worst comes first, whatever serves the provider.
func TestReport(t *testing.T) {
	t.Parallel()
	if report := Judge(nil); report.Risk != None || len(report.Changes) != 0 {
		t.Errorf("no plan: %+v", report)
	}
	report := judge(t, `"resource_changes":[null,
		{"address":"a","type":"aws_lb","provider_name":"example.com/mirror/aws","change":{"actions":["update"],"before":{"tags":{}},"after":{"tags":{"a":"b"}}}},
		{"address":"c","type":"aws_eip","change":{"actions":["delete"],"before":{}}},
		{"address":"b","type":"aws_eip","change":{"actions":["delete"],"before":{}}}]`)
	if report.Risk != Loss || len(report.Changes) != 3 || report.Changes[0].Address != "b" || report.Changes[2].Address != "a" {
		t.Errorf("%+v", report)
	}
}

// TestEveryVerdictHasASentence: code names these verdicts by strings.
func TestEveryVerdictHasASentence(t *testing.T) {
	t.Parallel()
	names := []string{"list.routine-replace"}
	for _, name := range []string{"create", "update", "delete", "replace", "recreate", "abandon", "forget", "import", "move", "defer", "unknown", "invoke", "provisioner", "read-program", "same", "invisible", "harmless", "otherwise", "unjudged"} {
		names = append(names, "action."+name)
	}
	for _, list := range []string{"data", "identity", "traffic"} {
		names = append(names, "action.unjudged-"+list, "list."+list+"-delete", "list."+list+"-replace")
	}
	for _, name := range names {
		if r := embedded().actions[name]; r == nil || r.En == "" || r.Risk == "" {
			t.Errorf("no verdict %s", name)
		}
	}
	if n := len(embedded().actions); n != len(names) {
		t.Errorf("%d verdicts, %d are used", n, len(names))
	}
}

// TestInvalidData: a wrong file is an error when it is read, never a wrong verdict.
func TestInvalidData(t *testing.T) {
	t.Parallel()
	const good = "risk = \"update\"\n en = \"a\"\n ja = \"b\"\n source = \"X c\"\n"
	for name, text := range map[string]string{
		"syntax":       `rule "a" {`,
		"class":        "rule \"a\" \"b\" {\n" + strings.Replace(good, "update", "fatal", 1) + "}",
		"action":       "rule \"a\" \"b\" {\n on = [\"read\"]\n" + good + "}",
		"language":     "rule \"a\" \"b\" {\n" + strings.Replace(good, "ja = \"b\"", "", 1) + "}",
		"source":       "rule \"a\" \"b\" {\n" + strings.Replace(good, "X c", "", 1) + "}",
		"mark":         "rule \"a\" \"b\" {\n" + strings.Replace(good, "X c", "c", 1) + "}",
		"function":     "rule \"a\" \"b\" {\n when = surely(before)\n" + good + "}",
		"variable":     "rule \"a\" \"b\" {\n when = befor == 1\n" + good + "}",
		"placeholder":  "rule \"a\" \"b\" {\n" + strings.Replace(good, "\"a\"", "\"{befor}\"", 1) + "}",
		"twice":        "rule \"a\" \"b\" {\n" + good + "}\nrule \"a\" \"b\" {\n" + good + "}",
		"two lists":    "data = { a = { en = \"a\", ja = \"b\", source = \"X c\" } }\nroutine = { a = \"X c\" }",
		"list, source": "routine = { a = \"\" }",
	} {
		if _, err := load(fstest.MapFS{"a.hcl": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := load(fstest.MapFS{"a.hcl": {Data: []byte("rule \"a\" \"b\" {\n when = isset(before)\n" + good + "}")}}); err != nil {
		t.Errorf("a right file: %v", err)
	}
}

// TestNumbers: a session reads numbers with all their digits, and a plan may hold greater
// ones than any machine's.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]Class{
		`"aws_db_instance","change":{"actions":["update"],"before":{"backup_retention_period":7},"after":{"backup_retention_period":0}}`:                      Loss,
		`"aws_db_instance","change":{"actions":["update"],"before":{"backup_retention_period":7},"after":{"backup_retention_period":1e400}}`:                  Update,
		`"aws_db_instance","change":{"actions":["update"],"before":{"backup_retention_period":1e999999999999},"after":{"backup_retention_period":7}}`:         Loss,
		`"aws_db_instance","change":{"actions":["update"],"before":{"x":9007199254740992},"after":{"x":9007199254740993}}`:                                    Interruption,
		`"aws_globalaccelerator_endpoint_group","change":{"actions":["create"],"after":{"endpoint_configuration":[{"weight":1e400},{"weight":-1e400}]}}`:      Interruption,
		`"aws_cloudwatch_log_group","change":{"actions":["update"],"before":{"retention_in_days":365},"after":{"retention_in_days":36500000000000000000000}}`: Update,
	} {
		if got := judge(t, `"resource_changes":[{"address":"x","type":`+values+`}]`); got.Risk != want {
			t.Errorf("%s: %v, not %v: %+v", values, got.Risk, want, got.Changes)
		}
	}
}
