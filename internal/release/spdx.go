// Package release has what `make release` makes beside archives: bills of materials and
// container images. Nothing of it is in the program.
package release

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// Components is the part of a bill of materials of CycloneDX that is read
// (https://cyclonedx.org/docs/1.6/json/).
type Components struct {
	Metadata struct {
		Component Component `json:"component"`
	} `json:"metadata"`
	Parts []Component `json:"components"`
}

// Component is a program or a module.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	} `json:"hashes"`
	Evidence struct {
		Licenses []struct {
			License struct {
				ID string `json:"id"`
			} `json:"license"`
		} `json:"licenses"`
	} `json:"evidence"`
}

// notInID are the characters that an SPDX identifier may not have.
var notInID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// FormatSPDX returns what a program is made of as a document of SPDX 2.3 with that name and
// time. The same components make the same bytes.
func FormatSPDX(list Components, name string, created time.Time) ([]byte, error) {
	if len(list.Parts) == 0 {
		return nil, fmt.Errorf("%s has no components", list.Metadata.Component.Name)
	}
	main := newPackage(list.Metadata.Component)
	main.PrimaryPackagePurpose = "APPLICATION"
	d := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: name,
		// A name, not an address: it must be unique, and need not lead anywhere (SPDX 2.3, 6.5).
		DocumentNamespace: "urn:reconcile:spdx:" + name,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "reconcile-sbom"}},
			Created:  created.Format(time.RFC3339),
		},
		Packages:      []*spdx.Package{main},
		Relationships: []*spdx.Relationship{relate("DOCUMENT", "DESCRIBES", main.PackageSPDXIdentifier)},
	}
	for _, c := range list.Parts {
		part := newPackage(c)
		d.Packages = append(d.Packages, part)
		d.Relationships = append(d.Relationships, relate(main.PackageSPDXIdentifier, "DEPENDS_ON", part.PackageSPDXIdentifier))
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

func relate(from common.ElementID, how string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: from}, Relationship: how, RefB: common.DocElementID{ElementRefID: to}}
}

// newPackage describes a module. Its concluded licence is what was found in its files.
func newPackage(c Component) *spdx.Package {
	var licences []string
	for _, l := range c.Evidence.Licenses {
		licences = append(licences, l.License.ID)
	}
	if c.Name == "std" { // Go's own; the tool knows only modules
		licences = []string{"BSD-3-Clause"}
	}
	concluded := strings.Join(licences, " AND ")
	if concluded == "" {
		concluded = "NOASSERTION"
	}
	p := &spdx.Package{
		PackageName: c.Name, PackageVersion: c.Version,
		PackageSPDXIdentifier:   common.ElementID("Package-" + notInID.ReplaceAllString(c.Name+"-"+c.Version, "-")),
		PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: concluded,
		PackageLicenseDeclared: "NOASSERTION", PackageCopyrightText: "NOASSERTION",
	}
	for _, h := range c.Hashes {
		p.PackageChecksums = append(p.PackageChecksums, common.Checksum{Algorithm: common.ChecksumAlgorithm(strings.ReplaceAll(h.Algorithm, "-", "")), Value: h.Content})
	}
	if c.PURL != "" {
		p.PackageExternalReferences = []*spdx.PackageExternalReference{{Category: "PACKAGE-MANAGER", RefType: "purl", Locator: c.PURL}}
	}
	return p
}
