package roles

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// networkPolicy returns a session policy that denies every request from outside the given networks,
// or "" if there are none. A session can do only what both its role and this policy allow. Requests
// that an AWS service makes for the session come from that service's addresses.
func networkPolicy(networks []string) (string, error) {
	var vpcs, addresses []string
	for _, network := range networks {
		switch {
		case strings.HasPrefix(network, "vpc-"):
			vpcs = append(vpcs, network)
		case isIPRange(network):
			addresses = append(addresses, network)
		default:
			return "", fmt.Errorf("%q is neither a VPC (vpc-…) nor an IP address or CIDR range", network)
		}
	}
	if len(networks) == 0 {
		return "", nil
	}
	type object = map[string]any
	condition := object{"BoolIfExists": object{"aws:ViaAWSService": "false"}}
	// A request through a VPC endpoint has a VPC and no public address; any other has
	// no VPC. It is denied only if it comes from neither list.
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
