package awstest

import (
	"net/http"
	"slices"
	"strings"
)

// databaseClasses are the classes that this AWS offers of PostgreSQL and MySQL, in every
// Region, in two zones. AWS has more (RDS API Reference, DescribeOrderableDBInstanceOptions;
// moto knows only those of Aurora).
var databaseClasses = []string{"db.m7g.large", "db.m8g.large", "db.t4g.medium", "db.t4g.small"}

// describeClasses answers DescribeOrderableDBInstanceOptions: no option where a class is
// not offered, without an error.
func describeClasses(c *call) *response {
	form := c.form()
	version := map[string]string{"postgres": "17.5", "mysql": "8.4.6"}[form.Get("Engine")]
	var options strings.Builder
	if class := form.Get("DBInstanceClass"); version != "" && slices.Contains(databaseClasses, class) {
		for _, storage := range []string{"gp2", "gp3", "io1"} {
			options.WriteString(xmlElement("OrderableDBInstanceOption",
				xmlElement("Engine", form.Get("Engine")), xmlElement("EngineVersion", version), xmlElement("DBInstanceClass", class),
				xmlElement("StorageType", storage), xmlElement("MultiAZCapable", "true"), xmlElement("ReadReplicaCapable", "true"), xmlElement("Vpc", "true")))
		}
	}
	result := xmlElement("DescribeOrderableDBInstanceOptionsResult", xmlElement("OrderableDBInstanceOptions", options.String()))
	return &response{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}}, body: []byte(xmlElement("DescribeOrderableDBInstanceOptionsResponse", result))}
}
