package awsworker

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestParseECS(t *testing.T) {
	t.Parallel()
	got, err := ParseECS("ecs://passes/reconcile:7?subnets=subnet-1,subnet-2&security_groups=sg-1")
	if err != nil || got.cluster != "passes" || got.taskDefinition != "reconcile:7" || got.container != "reconcile" || len(got.subnets) != 2 || len(got.securityGroups) != 1 || got.assignPublicIP != types.AssignPublicIpDisabled {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseECS("ecs://passes/reconcile?subnets=subnet-1&security_groups=sg-1&public_ip=true"); err != nil || got.assignPublicIP != types.AssignPublicIpEnabled {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{
		"ecs://", "ecs://passes", "ecs://passes/reconcile", "ecs:///reconcile?subnets=a&security_groups=b",
		"ecs://passes/a/b?subnets=a&security_groups=b", "ecs://passes/a?subnets=a&security_groups=b&subnet=c", "ecs://passes/a?subnets=a&security_groups=b&public_ip=yes",
	} {
		if _, err := ParseECS(wrong); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func TestBuildspecQuotes(t *testing.T) {
	t.Parallel()
	spec, err := buildspecOf([]string{"worker", "it's", "$(id)"})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Phases struct{ Build struct{ Commands []string } }
	}
	if err := json.Unmarshal([]byte(spec), &got); err != nil {
		t.Fatal(err)
	}
	if want := `exec reconcile 'worker' 'it'\''s' '$(id)'`; got.Phases.Build.Commands[0] != want {
		t.Errorf("%s, want %s", got.Phases.Build.Commands[0], want)
	}
}
