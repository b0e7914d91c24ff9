#!/bin/busybox sh
# Renders envoy.yaml from the environment and becomes Envoy, so that Envoy gets the container's signals.
#
#   entrypoint.sh                    run Envoy
#   entrypoint.sh render             print the configuration and end
#   entrypoint.sh --mode validate    run Envoy with further options
#
# Needed: AWS_REGION and S3_BUCKET; JWT_ISSUER and JWKS_URI unless AUTH_DISABLED=true.
# Optional: JWT_AUDIENCE, ENVOY_LOG_LEVEL (info), ENVOY_ADMIN_ADDRESS (127.0.0.1), and for running it outside of the
# image BUSYBOX, ENVOY, ENVOY_TEMPLATE and CA_FILE.
#
# What is missing or malformed ends the start with status 64. Authentication is part of the template and is cut out
# only for the exact word "true": no slip of the environment opens the proxy.
set -euf

fail() {
  echo "entrypoint: $*" >&2
  exit 64
}

# check NAME CHARACTERS WHAT: NAME must be set and consist of CHARACTERS. None of the lists below has a character
# that means something to sed or to a quoted YAML string.
check() {
  eval "value=\${$1:-}"
  [ -n "$value" ] || fail "$1 is not set; it must be $3"
  case $value in
    *[!$2]*) fail "$1 has a character that is not allowed; it must be $3" ;;
  esac
}

URI_CHARACTERS='A-Za-z0-9._~:/?=,%+-'

# Splits JWKS_URI into jwks_host and jwks_port.
split_jwks_uri() {
  local authority=${JWKS_URI#https://}
  # Keys that came over plain HTTP could be anybody's, and with them everybody's tokens would be good.
  [ "$authority" != "$JWKS_URI" ] || fail "JWKS_URI must begin with https://"
  authority=${authority%%[/?]*}
  jwks_host=${authority%%:*}
  jwks_port=443
  [ "$authority" = "$jwks_host" ] || jwks_port=${authority#*:}
  check jwks_host 'A-Za-z0-9.-' "the host of JWKS_URI"
  check jwks_port '0-9' "the port of JWKS_URI"
}

# The bucket becomes a host name below one wildcard certificate, which covers no further dot.
check AWS_REGION 'a-z0-9-' "a region like eu-central-1"
check S3_BUCKET 'a-z0-9-' "the name of an S3 bucket without dots"

ENVOY_ADMIN_ADDRESS=${ENVOY_ADMIN_ADDRESS:-127.0.0.1}
check ENVOY_ADMIN_ADDRESS '0-9.' "an IPv4 address"
CA_FILE=${CA_FILE:-/etc/ssl/certs/ca-certificates.crt}
check CA_FILE 'A-Za-z0-9._/-' "the path of a file of certificates"

log_level=${ENVOY_LOG_LEVEL:-info}
case $log_level in
  trace | debug | info | warning | error | critical | off) ;;
  *) fail "ENVOY_LOG_LEVEL must be trace, debug, info, warning, error, critical or off" ;;
esac

render() {
  case ${AUTH_DISABLED:-false} in
    true)
      echo "entrypoint: AUTH_DISABLED=true: everybody who reaches port 10000 can read the bucket" >&2
      set -- -e '/# auth: begin/,/# auth: end/d'
      ;;
    false)
      check JWT_ISSUER "$URI_CHARACTERS" "the issuer of the tokens to accept"
      check JWKS_URI "$URI_CHARACTERS" "the https address of the issuer's keys"
      split_jwks_uri
      set -- -e "s|@JWT_ISSUER@|$JWT_ISSUER|g" -e "s|@JWKS_URI@|$JWKS_URI|g" \
        -e "s|@JWKS_HOST@|$jwks_host|g" -e "s|@JWKS_PORT@|$jwks_port|g"
      if [ -n "${JWT_AUDIENCE:-}" ]; then
        check JWT_AUDIENCE "$URI_CHARACTERS" "the audience of the tokens to accept"
        set -- "$@" -e "s|@JWT_AUDIENCE@|$JWT_AUDIENCE|g"
      else
        set -- "$@" -e '/@JWT_AUDIENCE@/d'
      fi
      ;;
    *) fail "AUTH_DISABLED must be true or false" ;;
  esac
  "${BUSYBOX:-/bin/busybox}" sed "$@" -e "s|@AWS_REGION@|$AWS_REGION|g" -e "s|@S3_BUCKET@|$S3_BUCKET|g" \
    -e "s|@ENVOY_ADMIN_ADDRESS@|$ENVOY_ADMIN_ADDRESS|g" -e "s|@CA_FILE@|$CA_FILE|g" \
    "${ENVOY_TEMPLATE:-/etc/envoy/envoy.yaml}"
}

config=$(render)
case $config in
  '') fail "the template is empty" ;;
  *@[A-Z]*) fail "the template has a placeholder that nothing fills" ;;
esac

if [ "${1:-}" = render ]; then
  printf '%s\n' "$config"
  exit 0
fi
# As an argument and not as a file: the root file system may be read-only. The configuration holds no secret.
exec "${ENVOY:-/usr/local/bin/envoy}" --config-yaml "$config" --log-level "$log_level" --disable-hot-restart "$@"
