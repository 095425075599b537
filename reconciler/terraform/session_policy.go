package terraform

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// onlyFrom is a session policy that takes away everything from requests that
// come from elsewhere than the places; "" for none. A session has no more than
// its role and this policy both allow. What an AWS service asks on the
// session's behalf comes from that service's own addresses.
func onlyFrom(places []string) (string, error) {
	var vpcs, addresses []string
	for _, place := range places {
		switch {
		case strings.HasPrefix(place, "vpc-"):
			vpcs = append(vpcs, place)
		case isRange(place):
			addresses = append(addresses, place)
		default:
			return "", fmt.Errorf("%q is neither a VPC (vpc-…) nor an address or a range of addresses", place)
		}
	}
	if len(places) == 0 {
		return "", nil
	}
	type object = map[string]any
	elsewhere := object{"BoolIfExists": object{"aws:ViaAWSService": "false"}}
	// Through a VPC's endpoint a request has a VPC and no public address, else it
	// has no VPC: to be denied it must come from neither.
	if len(vpcs) > 0 {
		elsewhere["StringNotEqualsIfExists"] = object{"aws:SourceVpc": vpcs}
	}
	if len(addresses) > 0 {
		elsewhere["NotIpAddressIfExists"] = object{"aws:SourceIp": addresses}
	}
	text, err := json.Marshal(object{"Version": "2012-10-17", "Statement": []object{
		{"Effect": "Allow", "Action": "*", "Resource": "*"},
		{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere},
	}})
	return string(text), err
}

func isRange(text string) bool {
	if _, err := netip.ParsePrefix(text); err == nil {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil
}
