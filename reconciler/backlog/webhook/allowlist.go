package webhook

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Allowlist holds the addresses that may call; an empty list allows all.
type Allowlist []netip.Prefix

// nulabAddresses are the addresses of Backlog's webhooks. They come from a copy of a Nulab
// help page from 2026, and may be out of date.
const nulabAddresses = "54.64.128.240 54.178.233.194 13.112.1.142 13.112.147.36 54.238.175.47 54.168.25.33 52.192.156.153 54.178.230.204 " +
	"52.197.88.78 13.112.137.175 34.211.15.3 35.160.57.23 54.68.48.106 52.88.47.69 52.68.247.253 18.182.251.152"

// ParseAllowlist parses addresses and ranges (192.0.2.0/24), separated by commas or spaces.
// backlog stands for the addresses of Nulab's cloud, and any for all addresses.
func ParseAllowlist(list string) (Allowlist, error) {
	var allowed Allowlist
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(words, "any") {
		return nil, nil
	}
	for _, word := range words {
		if word == "backlog" {
			known, err := ParseAllowlist(nulabAddresses)
			if err != nil {
				return nil, err
			}
			allowed = append(allowed, known...)
			continue
		}
		prefix, err := netip.ParsePrefix(word)
		if address, addressErr := netip.ParseAddr(word); addressErr == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a range", word)
		}
		allowed = append(allowed, prefix.Masked())
	}
	if len(allowed) == 0 {
		return nil, fmt.Errorf("no address in %q: use any to allow all addresses", list)
	}
	return allowed, nil
}

// Contains reports whether an address may call.
func (a Allowlist) Contains(from netip.Addr) bool {
	return len(a) == 0 || slices.ContainsFunc(a, func(p netip.Prefix) bool { return p.Contains(from.Unmap()) })
}
