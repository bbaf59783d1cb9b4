# A bucket of S3, or of anything with its API.
# Uses: etcd/backup/scripts/common.py
# Variables: METADATA

import hmac, http.client, ssl, urllib.error, urllib.parse, urllib.request, xml.etree.ElementTree

# S3 takes no more in one piece (S3 User Guide, "Uploading objects").
LARGEST_OBJECT = 5 << 30


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class S3:
    def __init__(self, target):
        self.target = target
        trust = configured("s3-ca.crt")
        handlers = [NoRedirect()]
        if os.path.exists(trust):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=trust)))
        self.opener = urllib.request.build_opener(*handlers)

    def credentials(self):
        if self.target["credentials"]:
            # KEY:SECRET, and on a machine that rehearses a restore a session's token too.
            names = ("AccessKeyId", "SecretAccessKey", "Token")
            return dict(zip(names, secret("s3-credentials").strip().split(":", 2)))
        return instance_credentials()

    def request(self, method, name, query=(), body=None, sink=None):
        pause = 1
        while True:
            try:
                return self.once(method, name, query, body, sink)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                code, message = (re.search("<%s>([^<]*)" % tag, text) for tag in ("Code", "Message"))
                problem = "%s: %s" % (code.group(1) if code else "HTTP %d" % error.code, message.group(1) if message else text[:80])
                again = error.code >= 500 or error.code == 429 or "SlowDown" in problem or "RequestTimeout" in problem
            except (OSError, http.client.HTTPException) as error:
                problem, again = str(error), True
            if not again or pause > 16:
                raise Problem("S3 %s %s of bucket %s: %s" % (method, name, self.target["bucket"], problem))
            time.sleep(pause)
            pause *= 2

    def once(self, method, name, query, body, sink):
        target = self.target
        endpoint = urllib.parse.urlsplit(target["endpoint"])
        host, path = endpoint.netloc, "/" + urllib.parse.quote(name, safe="/-_.~")
        if target["bucketInHost"]:
            host = "%s.%s" % (target["bucket"], host)
        else:
            path = "/%s%s" % (target["bucket"], path)
        keys = self.credentials()
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, payload = now.strftime("%Y%m%dT%H%M%SZ"), (digest_of(body) if body else hashlib.sha256(b"").digest()).hex()
        headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
        if keys.get("Token"):
            headers["x-amz-security-token"] = keys["Token"]
        words = urllib.parse.urlencode(sorted(query), quote_via=urllib.parse.quote, safe="-_.~")
        names = ";".join(sorted(headers))
        canonical = "\n".join([method, path, words, "".join("%s:%s\n" % one for one in sorted(headers.items())), names, payload])
        scope = "%s/%s/s3/aws4_request" % (stamp[:8], target["region"])
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + keys["SecretAccessKey"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (keys["AccessKeyId"], scope, names, signature)
        del headers["host"]
        with contextlib.ExitStack() as stack:
            data = None
            if body:
                headers["content-length"], headers["content-type"] = str(os.path.getsize(body)), "application/octet-stream"
                data = stack.enter_context(open(body, "rb"))
            url = "%s://%s%s%s" % (endpoint.scheme, host, path, "?" + words if words else "")
            request = urllib.request.Request(url, data=data, headers=headers, method=method)
            answer = stack.enter_context(self.opener.open(request, timeout=120))
            if sink is None:
                return answer.read()
            with open(sink, "wb") as out:
                shutil.copyfileobj(answer, out, BLOCK)
            return b""

    def names(self):
        prefix, found, more = self.target["prefix"], [], None
        while True:
            query = [("list-type", "2"), ("prefix", prefix)] + ([("continuation-token", more)] if more else [])
            text = re.sub(' xmlns="[^"]*"', "", self.request("GET", "", query).decode(), count=1)
            page = xml.etree.ElementTree.fromstring(text)
            found += [(one.text or "")[len(prefix):] for one in page.iterfind("Contents/Key")]
            more = page.findtext("NextContinuationToken")
            if page.findtext("IsTruncated") != "true" or not more:
                return found

    def put(self, file):
        if os.path.getsize(file) > LARGEST_OBJECT:
            raise Problem("the snapshot is larger than 5 GiB, which S3 does not take in one piece: compact and defragment etcd")
        self.request("PUT", self.target["prefix"] + os.path.basename(file), body=file)

    def get(self, name, file):
        self.request("GET", self.target["prefix"] + name, sink=file)

    def remove(self, name):
        self.request("DELETE", self.target["prefix"] + name)


def instance_credentials():
    """Of the instance's role, by its own link: no proxy can reach it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path, method="GET", headers=None):
        return direct.open(urllib.request.Request(METADATA + path, method=method, headers=headers or {}), timeout=5).read().decode()

    try:
        token = {"X-aws-ec2-metadata-token": ask("api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})}
        folder = "meta-data/iam/security-credentials/"
        keys = json.loads(ask(folder + ask(folder, headers=token).split()[0], headers=token))
        return {name: keys[name] for name in ("AccessKeyId", "SecretAccessKey", "Token")}
    except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
        raise Problem("the instance's role gives no credentials: %s" % error)
