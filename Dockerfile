# The image holds four things: reconcile, the Terraform that it runs, the
# certificates that it trusts and the time zones. It has no shell and no Git
# (none is needed), runs as a user without rights, and can run on a read-only
# root: all that is written goes to the volume /var/lib/reconcile. It has no
# bubblewrap: on Fargate, and with Docker's defaults, nothing may make a
# namespace, and a task of its own is the sandbox of previews.
#
# The target codebuild is the same with a shell and bubblewrap, for AWS CodeBuild, which runs
# its commands by one: `docker build --target codebuild .`
#
# .ci/image tests what these two put together.
#
# Base images are named by the digests of their indexes, so that a tag that moves
# changes nothing. `docker buildx imagetools inspect IMAGE:TAG` shows the newest.

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata unzip \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=unknown
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/reconcile ./cmd/reconcile
# Where everything is written. Fargate gives a volume the owner that the
# directory has here.
RUN install -d -m 0700 -o 65532 -g 65532 /out/home

FROM base AS terraform
ARG TARGETOS TARGETARCH
# The sums stand in HashiCorp's SHA256SUMS for this version: another
# version needs both of them changed too.
ARG TERRAFORM_VERSION=1.11.4
ARG TERRAFORM_SHA256_AMD64=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc
ARG TERRAFORM_SHA256_ARM64=a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633
WORKDIR /out
RUN case "$TARGETARCH" in \
      amd64) sum=$TERRAFORM_SHA256_AMD64 ;; \
      arm64) sum=$TERRAFORM_SHA256_ARM64 ;; \
      *) echo "no checksum of Terraform for $TARGETARCH" >&2; exit 1 ;; \
    esac \
 && zip=terraform_${TERRAFORM_VERSION}_${TARGETOS}_${TARGETARCH}.zip \
 && curl -fsSLO "https://releases.hashicorp.com/terraform/$TERRAFORM_VERSION/$zip" \
 && echo "$sum  $zip" | sha256sum --check --strict \
 && unzip -q "$zip" terraform LICENSE.txt \
 && rm "$zip"

FROM scratch AS files
COPY --from=base /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=base /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=terraform /out/LICENSE.txt /usr/local/share/doc/terraform/LICENSE.txt
COPY --from=terraform /out/terraform /usr/local/bin/terraform
COPY --from=build /src/LICENSE /usr/local/share/doc/reconcile/LICENSE
COPY --from=build /out/reconcile /usr/local/bin/reconcile

# CodeBuild's agent starts as root, and a buildspec that says `run-as: reconcile`
# makes it run its commands as that user.
FROM debian:bookworm-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251 AS codebuild
RUN useradd --uid 65532 --user-group --home-dir /var/lib/reconcile --create-home reconcile
# Previews run in it what nobody has approved, where a build may have namespaces.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap \
 && rm -rf /var/lib/apt/lists/*
COPY --from=files / /
ENV HOME=/var/lib/reconcile TMPDIR=/var/lib/reconcile RECONCILE_WORK=/var/lib/reconcile/cache
WORKDIR /var/lib/reconcile

FROM files
LABEL org.opencontainers.image.title="reconcile" \
      org.opencontainers.image.description="GitOps for Terraform in Backlog Git repositories and AWS" \
      org.opencontainers.image.licenses="Apache-2.0 AND BUSL-1.1"
COPY --from=build --chown=65532:65532 /out/home /var/lib/reconcile
ENV PATH=/usr/local/bin HOME=/var/lib/reconcile TMPDIR=/var/lib/reconcile RECONCILE_WORK=/var/lib/reconcile/cache
VOLUME /var/lib/reconcile
WORKDIR /var/lib/reconcile
USER 65532:65532
# On SIGTERM a pass interrupts Terraform, records what was done and frees its
# leases. Give it the time: on Fargate set stopTimeout to 120, the most there
# is, and in Docker use --stop-timeout.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/reconcile"]
CMD ["now"]
