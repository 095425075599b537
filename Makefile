# What needs to be installed, `make tools` installs, into a cache outside the
# repository. The versions of tools are pinned in .ci/tools.

export RECONCILE_TEST_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/reconcile-test
export PATH := $(RECONCILE_TEST_CACHE)/bin:$(PATH)
export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The test of the image is beside what ./... names, and can run on Linux only.
PACKAGES := ./... ./.ci/lambda ./.ci/sbom $(if $(filter Linux,$(shell uname)),./.ci/image)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64

.DEFAULT_GOAL := build
.PHONY: build test bench lint tools cross image lambda sbom help $(PLATFORMS)

build: ## build ./reconcile, one static binary
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o reconcile ./cmd/reconcile

test: tools lint cross ## install what the tests need, then check and test everything
	go test -count=1 -timeout 40m $(PACKAGES)

bench: tools ## measure the program next to others; see docs/benchmarks.md
	-@.ci/tools/terramate.sh
	go test -run '^$$' -bench 'Poll|Changed|Snapshot' -benchtime 15x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench 'Graph|OwnWork' -benchtime 3x -timeout 30m ./cmd/reconcile
	go test -run '^$$' -bench ColdStart -benchtime 15x ./cmd/webhook

lint: tools ## gofmt, go vet, golangci-lint, tflint
	@unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	go vet $(PACKAGES)
	golangci-lint run $(PACKAGES)
	tflint --chdir env --recursive --config $(CURDIR)/.tflint.hcl
	tflint --chdir modules --recursive --config $(CURDIR)/.tflint.hcl

tools: ## install what the tests need, and what is missing only
	@.ci/tools/install.sh

cross: $(PLATFORMS) ## build every package for every platform

$(PLATFORMS):
	GOOS=$(@D) GOARCH=$(@F) go build ./...

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
