# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: node/scripts/say.sh
# Variables: signer

# list_requests: writes every request for the signer that nobody has judged yet to $work/requests, a line each; ends without one.
list_requests() {
  # %q keeps whatever is in a name on its own line and in its own quotes.
  kubectl get certificatesigningrequests --field-selector "spec.signerName=$signer" -o go-template='{{range .items}}{{if not .status.conditions}}{{printf "%q" .metadata.name}}{{"\t"}}{{printf "%q" .spec.username}}{{"\t"}}{{range .spec.groups}}{{printf "%q " .}}{{end}}{{"\t"}}{{range .spec.usages}}{{printf "%q " .}}{{end}}{{"\t"}}{{.spec.request}}{{"\n"}}{{end}}{{end}}' >"$work/requests"
  if [ ! -s "$work/requests" ]; then
    rm -rf "$state/pending"
    exit 0
  fi
}

# fits USAGES USAGE: what a kubelet asks for, USAGE and a signature's; "key encipherment" comes with RSA keys.
fits() {
  local rest=${1//'"digital signature" '/}
  rest=${rest//'"key encipherment" '/}
  [ "$rest" = "\"$2\" " ]
}

# hexadecimal TEXT: sets `hex`. escapes HEX: sets `escaped`, for printf %b.
hexadecimal() {
  local i digits
  hex=""
  for ((i = 0; i < ${#1}; i++)); do
    printf -v digits '%02x' "'${1:i:1}"
    hex=$hex$digits
  done
}
escapes() {
  local i
  escaped=""
  for ((i = 0; i < ${#1}; i += 2)); do escaped="$escaped\\x${1:i:2}"; done
}
# wrap HEX WORD...: sets `wrapped`. Two digits are the tag of a DER element around what is there; more are put before it.
wrap() {
  local word length
  wrapped=$1
  shift
  for word; do
    length=$((${#wrapped} / 2))
    if [ "${#word}" -gt 2 ]; then
      wrapped=$word$wrapped
    elif [ "$length" -lt 128 ]; then
      printf -v wrapped '%s%02x%s' "$word" "$length" "$wrapped"
    elif [ "$length" -lt 256 ]; then
      printf -v wrapped '%s81%02x%s' "$word" "$length" "$wrapped"
    else
      printf -v wrapped '%s82%04x%s' "$word" "$length" "$wrapped"
    fi
  done
}
# read_request NODE REQUEST: reads the request of node NODE (PEM in base64, as it is in the API) and sets `names`, or returns 1 and
# sets `reason`.
#
# The signer decodes a request with Go, hosts have OpenSSL, and the two disagree about bytes that are not plain DER (two extension
# requests, long lengths, odd strings). So nothing here trusts a decoder: the function reads names and public key, writes the request
# that Go's `x509.CreateCertificateRequest` makes from them, and accepts only the same bytes. What is approved then has one reading.
# Kubelets have P-256 keys, and sort their names (Kubernetes, pkg/kubelet/certificate/kubelet.go: addressesToHostnamesAndIPs).
#
# Errors on the way leave another text than the one compared with, so they refuse.
read_request() {
  local node=$1 request=$2 p256=3059301306072a8648ce3d020106082a8648ce3d03010703420004 ecdsa=300a06082a8648ce3d040302 length='([0-7][0-9a-f]|81[0-9a-f]{2}|82[0-9a-f]{4})'
  local pattern given rest subject key size value list="" attributes=a000 written sorted
  # Bytes of a P-256 public key up to its point (RFC 5480), ecdsa-with-SHA256 (RFC 5758); a kubelet's request has about 800 characters.
  names=() reason="it is not the request that a kubelet writes"
  [ "${#request}" -le 8192 ] || { reason="it is longer than 8192 characters"; return 1; }
  given=$(base64 -d <<<"$request" 2>/dev/null | sed '/^-----/d' | base64 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
  hexadecimal system:nodes
  wrap "$hex" 13 060355040a 30 31
  subject=$wrapped
  hexadecimal "system:node:$node"
  wrap "$hex" 13 0603550403 30 31 "$subject" 30
  subject=$wrapped
  [[ $given == *"$subject"* ]] || { reason="its subject is not node $node"; return 1; }
  rest=${given#*"$subject"}
  [[ $rest == "$p256"* ]] || { reason="its key is not an ECDSA key of curve P-256"; return 1; }
  rest=${rest#"$p256"}
  key=${rest:0:128}
  rest=${rest:128}
  pattern='^a0L30L06092a864886f70d01090e31L30L30L0603551d1104L30L'
  if [[ $rest =~ ${pattern//L/$length} ]]; then
    rest=${rest:${#BASH_REMATCH[0]}}
    while [[ $rest =~ ^(82|87)$length ]]; do
      rest=${rest:${#BASH_REMATCH[0]}}
      size=${BASH_REMATCH[2]}
      [ "${#size}" -eq 2 ] || size=${size:2}
      value=${rest:0:$((16#$size * 2))}
      rest=${rest:$((16#$size * 2))}
      if [ "${BASH_REMATCH[1]}" = 82 ]; then
        escapes "$value"
        printf -v value '%b' "$escaped"
        [[ $value =~ ^[a-z0-9.-]+$ ]] || { reason="it has a name that is not a host name in lower case"; return 1; }
        names+=("DNS:$value")
        # From the text that is judged: bash drops a NUL, and what comes back without it is not the same.
        hexadecimal "$value"
        wrap "$hex" 82
      else
        [ "${#value}" -eq 8 ] || { reason="it has an address that is not an IPv4 address"; return 1; }
        names+=("IP Address:$((16#${value:0:2})).$((16#${value:2:2})).$((16#${value:4:2})).$((16#${value:6:2}))")
        wrap "$value" 87
      fi
      list=$list$wrapped
    done
    [ "${#names[@]}" -gt 0 ] || return 1
    wrap "$list" 30 04 0603551d11 30 30 31 06092a864886f70d01090e 30 a0
    attributes=$wrapped
    sorted=$(printf '%s\n' "${names[@]}" | LC_ALL=C sort -u)
    [ "$sorted" = "$(printf '%s\n' "${names[@]}")" ] || { reason="its names are not in the order in which a kubelet writes them"; return 1; }
  else
    rest=${rest#a000}
  fi
  rest=${rest#"$ecdsa"03}
  wrap "${rest:2}" 03
  written=$wrapped
  wrap "020100$subject$p256$key$attributes" 30
  wrap "$wrapped$ecdsa$written" 30
  escapes "$wrapped"
  written=$({
    echo "-----BEGIN CERTIFICATE REQUEST-----"
    printf '%b' "$escaped" | base64 -w 64
    echo "-----END CERTIFICATE REQUEST-----"
  } | base64 -w 0)
  [ "$request" = "$written" ] || return 1
  # OpenSSL 3.0 exits with 0 whatever it found, and says what it found on either stream.
  [[ $(base64 -d <<<"$request" | openssl req -verify -noout 2>&1) == *"verify OK"* ]] || { reason="its signature does not fit its key"; return 1; }
}

# judge_requests: approves the requests for which `judge USERNAME GROUPS USAGES REQUEST` prints "ok", and says once why it left another
# one. The reasons stay in $state/pending, a file for each request that waits.
judge_requests() {
  local old quoted username groups usages request name verdict left
  mkdir -p "$state/pending"
  for old in "$state/pending"/*; do
    [ ! -e "$old" ] || grep -qF "\"${old##*/}\"" "$work/requests" || rm -f "$old"
  done
  while IFS=$'\t' read -r quoted username groups usages request; do
    [[ $quoted =~ ^\"([a-z0-9][-a-z0-9.]*)\"$ ]] || continue
    name=${BASH_REMATCH[1]}
    verdict=$(judge "$username" "$groups" "$usages" "$request")
    if [ "$verdict" = ok ]; then
      kubectl certificate approve "$name" >/dev/null
      say "approved $name for $username"
      rm -f "$state/pending/$name"
      continue
    fi
    left="left $name of $username pending: ${verdict:-it could not be judged}"
    [ "$(cat "$state/pending/$name" 2>/dev/null)" != "$left" ] || continue
    say "$left"
    printf '%s\n' "$left" >"$state/pending/$name"
  done <"$work/requests"
}
