# What needs to be installed, `make tools` installs, into a cache outside the
# repository. The versions of tools are pinned in .ci/tools.

export RECONCILE_TEST_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/reconcile-test
export PATH := $(RECONCILE_TEST_CACHE)/bin:$(PATH)
export CGO_ENABLED := 0

VERSION := $(shell .ci/release/version.sh)
# What is in .ci is beside what ./... names. The test of the image can run on
# Linux only.
CI_PACKAGES := ./.ci/lambda ./.ci/release ./.ci/sbom ./.ci/tools $(if $(filter Linux,$(shell uname)),./.ci/image)
PACKAGES := ./... $(CI_PACKAGES)
# The tests that `make test` leaves out, or does not run whole, for `make check`;
# internal/testtier writes it.
LEFT_OUT := $(CURDIR)/.left-out
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64

.DEFAULT_GOAL := build
.PHONY: build test check rest short race fuzz bench bounds lint pictures tools cross release image lambda sbom help $(PLATFORMS)

build: ## build ./reconcile, one static binary
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o reconcile ./cmd/reconcile

test: ## test everything about the program, with Terraform and emulators
	@.ci/tools/install.sh test
	@rm -f $(LEFT_OUT)
	TEST_TIER=test TEST_LEFT_OUT=$(LEFT_OUT) go test -count=1 -timeout 20m ./...

check: test rest ## all that CI runs: also lint, cross builds, OpenTofu, the AWS provider, policies, races, fuzzing

rest: lint cross race fuzz bounds ## what `make check` runs after `make test`
	@.ci/left-out.sh $(LEFT_OUT)
	TEST_TIER=check go test -count=1 -timeout 40m $(CI_PACKAGES)

short: ## the tests that need neither Terraform nor an emulator, in less than a minute
	TEST_TIER=short go test -timeout 5m ./...

race: ## the race detector over the record and the model of a pass
	CGO_ENABLED=1 TEST_TIER=short go test -race -count=1 -timeout 20m -skip Processes ./state/... ./reconciler/run ./reconciler/internal/...
	CGO_ENABLED=1 TEST_TIER=short go test -race -count=1 -timeout 20m -run TestModel ./reconciler -rapid.checks=10

fuzz: ## each fuzz target for 20 seconds, two at a time
	.ci/fuzz.sh

bench: tools ## measure the program next to others; see docs/benchmarks.md
	-@.ci/tools/terramate.sh
	go test -run '^$$' -bench OwnWork -benchtime 3x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench Graph -benchtime 3x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench 'Poll|Changed|Snapshot' -benchtime 15x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench Rollout -benchtime 15x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench ColdStart -benchtime 15x ./cmd/webhook

bounds: tools ## the rows of the poll and of changed by processor time; fails above their bounds
	@.ci/tools/terramate.sh
	BENCH_BOUNDS=cpu go test -run '^$$' -bench 'Poll|Changed' -benchtime 5x -timeout 30m ./cmd/reconcile

lint: tools ## gofmt, go vet, golangci-lint, tflint
	@unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	go vet $(PACKAGES)
	golangci-lint run $(PACKAGES)
	tflint --chdir env --recursive --config $(CURDIR)/.tflint.hcl
	tflint --chdir modules --recursive --config $(CURDIR)/.tflint.hcl

pictures: tools ## draw the pictures of pages in docs/pictures again; look at them
	TEST_TIER=check PICTURES=$(CURDIR)/docs/pictures go test -count=1 -run TestDrawPictures ./cmd/reconcile/internal/page

tools: ## install what the tests need, and what is missing only
	@.ci/tools/install.sh

cross: $(PLATFORMS) ## build every package for every platform

$(PLATFORMS):
	GOOS=$(@D) GOARCH=$(@F) go build ./...

release: ## make archives, packages, SBOMs, the image and checksums into dist; see docs/release.md
	@.ci/tools/install.sh release
	.ci/release/make.sh

image: ## build the container image, and that for CodeBuild; needs Docker or another BuildKit
	docker build --build-arg VERSION=$(VERSION) -t reconcile:$(VERSION) .
	docker build --build-arg VERSION=$(VERSION) -t reconcile:$(VERSION)-codebuild --target codebuild .

lambda: ## build webhook.zip, the Lambda function behind Backlog's webhook, for arm64
	@go run ./.ci/lambda webhook.zip

sbom: tools ## write what the binary and the image are made of (CycloneDX): reconcile.cdx.json, terraform.cdx.json
	cyclonedx-gomod app -json -licenses -std -main cmd/reconcile -output reconcile.cdx.json .
	cyclonedx-gomod bin -json -licenses -std -output terraform.cdx.json "$$(realpath "$$(command -v terraform)")"

help: ## show this
	@sed -n 's/^\([a-z]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10
