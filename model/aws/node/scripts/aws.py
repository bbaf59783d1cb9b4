# Calls of AWS from hosts. The renderer keeps the commands that a host needs.
# Variables: REGION DOMAIN PROXIES PATIENCE

import datetime, glob, gzip, hashlib, hmac, html, http.client, json, os, random, re, subprocess, sys, time
import urllib.error, urllib.parse, urllib.request

# Of the program and not of its callers: cloud-init, units, jobs and people all go the same way.
os.environ.update(PROXIES)
METADATA = "http://169.254.169.254/latest/"
# How each service is spoken to: JSON with the prefix of its actions, or a form with the version of its interface.
SERVICES = {"ssm": "AmazonSSM", "secretsmanager": "secretsmanager", "autoscaling": "2011-01-01", "ec2": "2016-11-15", "s3": "object"}
# Codes of refusals that pass: load, roles that are new, clocks that are not set yet, and failures of the service.
AGAIN = re.compile("Throttl|Limit|ThroughputExceeded|TooMany|SlowDown|AccessDenied|Unauthorized|Expired|Skewed|Signature|AuthFailure|UnrecognizedClient|InvalidClientTokenId|Internal|Unavailable|Timeout|NotComplete")
# What a connection comes to that breaks, is refused, or leads to something that speaks no HTTP.
BROKEN = (OSError, http.client.HTTPException)
# The metadata service is on the host's own link: no proxy can reach it.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    pass


def ask_metadata(path, method="GET", headers=None):
    for attempt in range(8):
        try:
            request = urllib.request.Request(METADATA + path, method=method, headers=headers or {})
            return direct.open(request, timeout=5).read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            reason = error
        except BROKEN as error:
            reason = error
        time.sleep(0.5 * (attempt + 1))
    raise Refused("Unavailable: the metadata service does not answer for %s: %s" % (path, reason))


def metadata(path):
    token = ask_metadata("api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})
    return ask_metadata(path, headers={"X-aws-ec2-metadata-token": token or ""})


def credentials():
    folder = "meta-data/iam/security-credentials/"
    role = (metadata(folder) or "").strip()
    if not role:
        raise Refused("AccessDenied: the instance has no role yet")
    text = metadata(folder + role.split()[0]) or "{}"
    keys = json.loads(text) if text.startswith("{") else {}
    # While EC2 cannot assume a role that is new, the answer has a code and a message, and no key.
    if "SecretAccessKey" not in keys:
        raise Refused("AccessDenied: no credentials of role %s yet: %s %s" % (role, keys.get("Code"), keys.get("Message")))
    return keys


def sign(service, host, headers, body, keys, now, method="POST", path="/"):
    """Signature Version 4: the headers with Authorization among them."""
    day, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    headers = dict(headers, host=host, **{"x-amz-date": stamp})
    if keys.get("Token"):
        headers["x-amz-security-token"] = keys["Token"]
    names = sorted(headers)
    canonical = "".join("%s:%s\n" % (name, headers[name].strip()) for name in names)
    digest = hashlib.sha256(body).hexdigest()
    request = "\n".join([method, path, "", canonical, ";".join(names), digest])
    scope = "%s/%s/%s/aws4_request" % (day, REGION, service)
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + keys["SecretAccessKey"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (keys["AccessKeyId"], scope, ";".join(names), signature)
    return headers


def call_once(service, action, params):
    host = "%s.%s.%s" % (service, REGION, DOMAIN)
    kind = SERVICES[service]
    method, path = "POST", "/"
    if service == "s3":
        host, method, path = "%s.%s" % (params["Bucket"], host), action[:3].upper(), "/" + params["Key"]
        body = params.get("Body", b"")
        headers = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        if body:
            headers["content-type"] = "application/json"
    elif kind[0] == "2":
        body = urllib.parse.urlencode(dict(params, Action=action, Version=kind)).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    else:
        body = json.dumps(params).encode()
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "%s.%s" % (kind, action)}
    now = datetime.datetime.now(datetime.timezone.utc)
    headers = sign(service, host, headers, body, credentials(), now, method, path)
    request = urllib.request.Request("https://%s%s" % (host, path), data=body or None, headers=headers, method=method)
    try:
        content = urllib.request.urlopen(request, timeout=20).read()
        text = content.decode(errors="replace")
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        found = re.search('"__type" *: *"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)', text)
        if not found:
            raise stranger(host, "HTTP %d %s" % (error.code, text))
        said = re.search('"[Mm]essage" *: *"([^"]*)|<Message>([^<]*)', text)
        raise Refused("%s: %s" % (found.group(1) or found.group(2), (said.group(1) or said.group(2) or "") if said else ""))
    if service == "s3":
        # What wrote something has no content to be judged by.
        if method == "PUT":
            return content
        if hashlib.sha256(content).hexdigest() == params["Digest"]:
            return content
        raise stranger(host, text)
    if kind[0] == "2":
        if action + "Response" in text:
            return text
        raise stranger(host, text)
    try:
        return json.loads(text or "{}")
    except ValueError:
        raise stranger(host, text)


def stranger(host, text):
    return Refused("Unavailable: %s answered with %r, which is not an answer of AWS: is a proxy or a portal in between?" % (host, text[:80]))


def call(service, action, params, patience=PATIENCE):
    """Calls again what may go well in a moment; raises Refused with the service's own words when it does not."""
    until = time.monotonic() + patience
    pause = 1.0
    while True:
        try:
            return call_once(service, action, params)
        except Refused as error:
            reason, again = error, AGAIN.search(str(error).split(":")[0])
        except (ValueError,) + BROKEN as error:
            reason, again = Refused("%s: %r" % (service, error)), True
        wait = pause * random.uniform(0.5, 1.5)
        if not again or time.monotonic() + wait > until:
            raise Refused("%s %s: %s" % (service, action, reason))
        time.sleep(wait)
        pause = min(pause * 2, 15)


def write(path, content, mode=0o600):
    """Puts a file in place in one step, and only where it differs."""
    try:
        with open(path) as file:
            if file.read() == content:
                os.chmod(path, mode)
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = path + ".pulumi-kubeadm-new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(new, mode)
    os.replace(new, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)

# command: imds
# imds PATH: prints what the metadata service says; nothing, with status 4, where it knows no such path.

def imds(path):
    text = metadata(path)
    if text is None:
        sys.exit(4)
    print(text.strip())

# command: parameter
# parameter NAME: prints a parameter, decrypted.

def parameter(name):
    print(call("ssm", "GetParameter", {"Name": name, "WithDecryption": True})["Parameter"]["Value"])

# command: version
# version NAME: prints how often a parameter was written since it was made; 0 where there is none.

def version(name):
    try:
        print(call("ssm", "GetParameter", {"Name": name}, 20)["Parameter"].get("Version", 0))
    except Refused as error:
        if ": ParameterNotFound:" not in str(error):
            raise
        print(0)

# command: putParameter
# putParameter NAME TYPE [PATIENCE]: writes standard input into a parameter, and prints the version that it has then.

def putParameter(name, kind, patience=PATIENCE):
    value = {"Name": name, "Type": kind, "Value": sys.stdin.read(), "Overwrite": True}
    print(call("ssm", "PutParameter", value, float(patience)).get("Version", 0))

# command: hostKey
# hostKey SECRET: makes the secret the host's only SSH key. Never gives up: without it sshd would show a key that nobody pinned.

def hostKey(name):
    path, mark = "/etc/ssh/ssh_host_ed25519_key", "/var/lib/pulumi-kubeadm/host-key"
    if os.path.exists(mark) and os.path.exists(path):
        return
    key = ""
    while not key:
        try:
            key = call("secretsmanager", "GetSecretValue", {"SecretId": name}, 300)["SecretString"].strip()
        except (Refused, KeyError) as error:
            print("sshd waits for its host key in Secrets Manager: %s" % error, flush=True)
            time.sleep(15)
    for old in glob.glob("/etc/ssh/ssh_host_*"):
        os.remove(old)
    write(path, key + "\n")
    public = subprocess.run(["ssh-keygen", "-y", "-f", path], stdout=subprocess.PIPE, check=True).stdout
    write(path + ".pub", public.decode(), 0o644)
    write(mark, name + "\n")
    # Only where sshd runs already, with keys of the image.
    subprocess.run(["systemctl", "--no-block", "try-restart", "ssh.service", "sshd.service"], check=False)

# command: status
# status PREFIX BOOT NODE STATE PHASE EXIT LOG OFFSET: says how far a boot has come, with the log's end when it failed.

def status(prefix, boot, node, state, phase, code, log, offset):
    instance = (metadata("meta-data/instance-id") or "").strip()
    value = {"instance": instance, "node": node, "boot": boot, "state": state, "phase": phase, "exit": int(code), "time": int(time.time())}
    if state == "failed":
        with open(log, errors="replace") as file:
            file.seek(int(offset))
            value["tail"] = [line[:300] for line in file.read().splitlines() if line.strip()][-30:]
    # A standard parameter holds 4096 characters.
    while len(json.dumps(value)) > 4096:
        value["tail"] = value["tail"][1:]
    params = {"Name": prefix + "/" + instance, "Type": "String", "Value": json.dumps(value), "Overwrite": True}
    call("ssm", "PutParameter", params, 30 if state == "running" else PATIENCE)

# command: statuses
# statuses PREFIX: prints the statuses below a path, a line of JSON each. forget NAME...: deletes parameters.

def statuses(prefix):
    params = {"Path": prefix, "Recursive": True, "MaxResults": 10}
    while True:
        page = call("ssm", "GetParametersByPath", params)
        for one in page.get("Parameters", []):
            print(json.dumps({"parameter": one["Name"], "value": one["Value"]}))
        if not page.get("NextToken"):
            return
        params["NextToken"] = page["NextToken"]


def forget(*names):
    for start in range(0, len(names), 10):
        call("ssm", "DeleteParameters", {"Names": names[start:start + 10]})

# command: xml
# What calls of the query services take and answer.

import xml.etree.ElementTree


def parse(text):
    return xml.etree.ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", text, count=1))


def filtering(filters):
    params = {}
    for number, (name, value) in enumerate(filters, 1):
        params["Filter.%d.Name" % number] = name
        params["Filter.%d.Value.1" % number] = value
    return params

# command: instance
# instance NAME TAG=VALUE...: prints id and age in seconds of each running instance of that private name, or of any for "", and those tags.

def instance(name, *tags):
    address = re.match("ip-([0-9]+)-([0-9]+)-([0-9]+)-([0-9]+)[.]", name)
    filters = [("private-ip-address", ".".join(address.groups())) if address else ("private-dns-name", name)] if name else []
    filters += [("instance-state-name", "running")]
    filters += [("tag:" + key, value) for key, value in (tag.split("=", 1) for tag in tags)]
    for one in parse(call("ec2", "DescribeInstances", filtering(filters), 20)).iterfind(".//instancesSet/item"):
        launched = datetime.datetime.strptime((one.findtext("launchTime") or "")[:19], "%Y-%m-%dT%H:%M:%S")
        launched = launched.replace(tzinfo=datetime.timezone.utc)
        print(one.findtext("instanceId"), int(time.time() - launched.timestamp()))

# command: bundle
# bundle BUCKET KEY: puts the files of an object in place, whose key ends in its SHA-256.

def bundle(bucket, key):
    content = call("s3", "GetObject", {"Bucket": bucket, "Key": key, "Digest": key.split("/")[-1]}, 300)
    for one in json.loads(gzip.decompress(content)):
        write(one["path"], one["content"], int(one["mode"], 8))

# command: putDocument
# putDocument DISCOVERY KEY: writes standard input, a document of JSON, beside the issuer's discovery document of that file.

def putDocument(discovery, key):
    body = sys.stdin.buffer.read()
    json.loads(body)
    with open(discovery) as file:
        issuer = urllib.parse.urlparse(json.load(file)["issuer"])
    bucket, _, service = issuer.hostname.partition(".")
    if service != "s3.%s.%s" % (REGION, DOMAIN):
        raise Refused("InvalidIssuer: %s is not a bucket in %s" % (issuer.geturl(), REGION))
    call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, 300)

# command: beat
# beat GROUP HOOK: says to the group that the instance is still on its way.

def beat(group, hook):
    instance = (metadata("meta-data/instance-id") or "").strip()
    params = {"AutoScalingGroupName": group, "LifecycleHookName": hook, "InstanceId": instance}
    call("autoscaling", "RecordLifecycleActionHeartbeat", params, 20)

# command: unhealthy
# unhealthy INSTANCE: has the instance's group replace it; one that is leaving already is left.
def unhealthy(instance):
    params = {"InstanceId": instance, "HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": "false"}
    try:
        call("autoscaling", "SetInstanceHealth", params, 20)
    except Refused as error:
        if ": ValidationError:" not in str(error):
            raise


# command: activities
# activities GROUP: what the group failed at lately, newest first: a line of JSON each.

def activities(group):
    text = call("autoscaling", "DescribeScalingActivities", {"AutoScalingGroupName": group, "MaxRecords": "20"}, 20)
    for one in re.findall("<member>(.*?)</member>", text, re.S):
        found = {name: html.unescape(value) for name, value in re.findall("<(StatusCode|StatusMessage|StartTime|Description)>([^<]*)<", one)}
        if found.get("StatusCode") == "Failed":
            print(json.dumps(found))

# command: ec2
# ec2 ACTION KEY=VALUE...: a call of EC2.

def ec2(action, *params):
    call("ec2", action, dict(param.split("=", 1) for param in params))

# command: end

if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except Refused as error:
        sys.exit(str(error))
