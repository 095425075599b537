package env_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"reconcile/modules/tftest"
)

// window is a span of time in which something may start.
type window struct {
	name       string
	start, end time.Time
}

func (w window) overlaps(other window) bool {
	return w.start.Before(other.end) && other.start.Before(w.end)
}

// TestBackupWindows: AWS Backup takes no snapshot of a database in RDS's own backup
// window or maintenance window, nor in the hour before either (AWS Backup Developer
// Guide, "Troubleshooting AWS Backup"; RDS User Guide, "Backup window"), and no two
// backups of one resource at a time. So no job may start there, on any day of a year.
func TestBackupWindows(t *testing.T) {
	t.Parallel()
	database, plan := readModuleText(t, "rds"), readModuleText(t, "backup")
	starts := minutes(t, findGroups(plan, `start_window\s+= (\d+)`))
	zone := findGroups(plan, `time_zone\s+= optional\(string, "([^"]+)"\)`)
	if len(zone) != 1 {
		t.Fatalf("modules/backup has the time zones %v", zone)
	}
	location, err := time.LoadLocation(zone[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"common/terraform.tfvars", "common/staging.tfvars"} {
		rules := tftest.LoadValues(t, file)["backups"]
		if strings.Contains(rules, "time_zone") || !strings.Contains(rules, "cron") {
			t.Fatalf("%s: this test reads other rules than %s", file, rules)
		}
		count := 0
		for day := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2027; day = day.AddDate(0, 0, 1) {
			taken := databaseWindows(t, database, day)
			for _, rule := range regexp.MustCompile(`(?m)^\s*(\w+)\s*= \{ cron = "([^"]+)"`).FindAllStringSubmatch(rules, -1) {
				start, runs := nextStart(t, rule[2], day, location)
				if !runs {
					continue
				}
				count++
				job := window{rule[1], start, start.Add(starts)}
				for _, other := range taken {
					if job.overlaps(other) {
						t.Fatalf("%s: %s may start from %s to %s, and %s is from %s to %s (with the hour before)", file, job.name, job.start, job.end, other.name, other.start, other.end)
					}
				}
				taken = append(taken, job)
			}
		}
		if count < 365 {
			t.Errorf("%s: %d backups in a year", file, count)
		}
	}
}

// databaseWindows returns the windows of databases around a day, each with the hour
// before it.
func databaseWindows(t *testing.T, module string, day time.Time) (windows []window) {
	t.Helper()
	for n := -1; n <= 1; n++ {
		at := day.AddDate(0, 0, n)
		for name, pattern := range map[string]string{
			"backup_window":      `backup_window\s+= "()(\d\d:\d\d)-()(\d\d:\d\d)"`,
			"maintenance_window": `maintenance_window\s+= "(\w{3}):(\d\d:\d\d)-(\w{3}):(\d\d:\d\d)"`,
		} {
			m := regexp.MustCompile(pattern).FindStringSubmatch(module)
			if m == nil || m[1] != m[3] {
				t.Fatalf("modules/rds has no %s within a day", name)
			}
			if m[1] != "" && m[1] != at.Weekday().String()[:3] {
				continue
			}
			windows = append(windows, window{name, clock(t, at, m[2]).Add(-time.Hour), clock(t, at, m[4])})
		}
	}
	return windows
}

// nextStart returns when a rule starts on a day of its time zone. It reads the part of
// AWS's cron that this repository uses: minute, hour, days of the month.
func nextStart(t *testing.T, cron string, day time.Time, location *time.Location) (start time.Time, runs bool) {
	t.Helper()
	fields := strings.Fields(cron)
	if len(fields) != 6 || strings.Join(fields[3:], " ") != "* ? *" {
		t.Fatalf("this test does not read cron %q", cron)
	}
	if from, to, isRange := strings.Cut(fields[2], "-"); fields[2] != "*" {
		if !isRange {
			to = from
		}
		if day.Day() < atoi(t, from) || day.Day() > atoi(t, to) {
			return start, false
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), atoi(t, fields[1]), atoi(t, fields[0]), 0, 0, location), true
}

func clock(t *testing.T, day time.Time, text string) time.Time {
	t.Helper()
	hour, minute, _ := strings.Cut(text, ":")
	return time.Date(day.Year(), day.Month(), day.Day(), atoi(t, hour), atoi(t, minute), 0, 0, time.UTC)
}

func minutes(t *testing.T, found []string) time.Duration {
	t.Helper()
	if len(found) != 1 {
		t.Fatalf("modules/backup has the start windows %v", found)
	}
	return time.Duration(atoi(t, found[0])) * time.Minute
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// readModuleText returns the source of a module's resources and variables.
func readModuleText(t *testing.T, name string) string {
	t.Helper()
	var text strings.Builder
	for _, file := range []string{"main.tf", "variables.tf"} {
		src, err := os.ReadFile(filepath.Join(modulesDir, name, file))
		if err != nil {
			t.Fatal(err)
		}
		text.Write(src)
	}
	return text.String()
}

// TestBuildsOutlastWaits: no build ends while the provider still waits for a database, with
// half an hour for the rest of the apply.
func TestBuildsOutlastWaits(t *testing.T) {
	t.Parallel()
	build, err := os.ReadFile("bootstrap/build.tf")
	if err != nil {
		t.Fatal(err)
	}
	limits := findGroups(string(build), `timeout_minutes = (\d+)`)
	waits := findGroups(readModuleText(t, "rds"), `(?:create|update|delete) = "(\d+)m"`)
	if len(limits) != 1 || len(waits) != 3 {
		t.Fatalf("builds last %v, waits %v", limits, waits)
	}
	for _, wait := range waits {
		if minutes(t, []string{wait})+30*time.Minute > minutes(t, limits) {
			t.Errorf("a build ends after %s minutes, and a wait after %s", limits[0], wait)
		}
	}
}
