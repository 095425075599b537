package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkColdStart measures a new function's first call, its start included,
// and its second, as the emulator reports them, and the most memory that it
// took. Each call starts a build: the first reads the token before.
func BenchmarkColdStart(b *testing.B) {
	c := startCloud(b)
	push := readSample(b, "project-push.json")
	var cold, warm, memory float64
	n := 0
	for b.Loop() {
		f := startEmulator(b, functionEnv(c))
		target := (&gateway{t: b, kind: "rest", function: f}).serve()
		for range 2 {
			n++
			body := strings.Replace(push, "61001", fmt.Sprint(n), 1)
			if status, answer := postWebhook(b, target, jsonType, body); status != http.StatusAccepted {
				b.Fatalf("%d %+v", status, answer)
			}
		}
		var durations []float64
		f.log.waitFor(b, func(line string) bool {
			if report := reportLine.FindStringSubmatch(line); report != nil {
				durations = append(durations, parseNumber(b, report[1]))
			}
			return len(durations) == 2
		})
		cold, warm = cold+durations[0], warm+durations[1]
		memory = max(memory, peakMemory(b, f.pid))
	}
	b.ReportMetric(cold/float64(n/2), "cold-ms")
	b.ReportMetric(warm/float64(n/2), "warm-ms")
	b.ReportMetric(memory, "peak-MiB")
}

// reportLine is the line by which Lambda reports a call.
var reportLine = regexp.MustCompile(`\tDuration: ([0-9.]+) ms`)

func parseNumber(b *testing.B, text string) float64 {
	b.Helper()
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// peakMemory returns the peak memory of the child of a process, in MiB.
func peakMemory(b *testing.B, parent int) float64 {
	b.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), fmt.Sprintf("\nPPid:\t%d\n", parent)) {
			continue // it may have ended meanwhile
		}
		if match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(text)); match != nil {
			return parseNumber(b, match[1]) / 1024
		}
	}
	b.Fatal("the function does not run")
	return 0
}
