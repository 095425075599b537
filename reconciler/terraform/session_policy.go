package terraform

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// networkPolicy is a session policy that takes away everything from requests that
// come from elsewhere than the places; "" for none. A session has no more than
// its role and this policy both allow. What an AWS service asks on the
// session's behalf comes from that service's own addresses.
func networkPolicy(networks []string) (string, error) {
	var vpcs, addresses []string
	for _, network := range networks {
		switch {
		case strings.HasPrefix(network, "vpc-"):
			vpcs = append(vpcs, network)
		case isIPRange(network):
			addresses = append(addresses, network)
		default:
			return "", fmt.Errorf("%q is neither a VPC (vpc-…) nor an address or a range of addresses", network)
		}
	}
	if len(networks) == 0 {
		return "", nil
	}
	type object = map[string]any
	condition := object{"BoolIfExists": object{"aws:ViaAWSService": "false"}}
	// Through a VPC's endpoint a request has a VPC and no public address, else it
	// has no VPC: to be denied it must come from neither.
	if len(vpcs) > 0 {
		condition["StringNotEqualsIfExists"] = object{"aws:SourceVpc": vpcs}
	}
	if len(addresses) > 0 {
		condition["NotIpAddressIfExists"] = object{"aws:SourceIp": addresses}
	}
	text, err := json.Marshal(object{"Version": "2012-10-17", "Statement": []object{
		{"Effect": "Allow", "Action": "*", "Resource": "*"},
		{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
	}})
	return string(text), err
}

func isIPRange(text string) bool {
	if _, err := netip.ParsePrefix(text); err == nil {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil
}
