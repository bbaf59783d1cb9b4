# What controllers of a cluster made in the account: seen and removed by their own roles, while its API serves.
# Variables: OWNED CLUSTER STACK_TAG KUBECONFIG AUDIENCE BALANCERS VOLUMES STORAGE CONTROLLER CONTROLLED END_BALANCERS END_VOLUMES

# The service controller of Kubernetes, and AWS Load Balancer Controller, hold an object until what they made for it is gone.
HELD_SERVICE = ("service.kubernetes.io/load-balancer-cleanup", "service.k8s.aws/resources")
HELD_INGRESS = ("ingress.k8s.aws/resources", "group.ingress.k8s.aws/")
# The tag of AWS Load Balancer Controller on what it makes.
CONTROLLER_TAG = "elbv2.k8s.aws/cluster"
DRIVER = "ebs.csi.aws.com"
# The two interfaces of Elastic Load Balancing: of classic load balancers, and of all others.
CLASSIC, BALANCING = "2012-06-01", "2015-12-01"
# Answers of a service about what is in use by something that is going itself: the next round goes on.
BUSY = re.compile("DependencyViolation|ResourceInUse|OperationNotPermitted|NotFound")
SHORT = 20
BARRED = "pulumi-kubeadm-destroy"

instance_credentials = credentials
assumed = {}


def credentials():
    return assumed or instance_credentials()


def act_as(account):
    """Goes on as the controller itself: with a token of its service account, which its role trusts."""
    assumed.clear()
    if not account:
        return
    role, namespace, name = account
    token = kubectl("create", "token", name, "--namespace", namespace, "--audience", AUDIENCE, "--duration", "15m").strip()
    params = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "pulumi-kubeadm-destroy", "WebIdentityToken": token}
    address = "https://sts.%s.%s/" % (REGION, DOMAIN)
    try:
        text = urllib.request.urlopen(address, urllib.parse.urlencode(params).encode(), timeout=SHORT).read().decode()
    except urllib.error.HTTPError as error:
        raise Refused("role %s: %s" % (role, error.read().decode(errors="replace")[:300]))
    except BROKEN as error:
        raise Refused("%s: %r" % (address, error))
    found = parse(text).find(".//Credentials")
    if found is None:
        raise stranger(address, text)
    assumed.update(AccessKeyId=found.findtext("AccessKeyId"), SecretAccessKey=found.findtext("SecretAccessKey"), Token=found.findtext("SessionToken"))


def kubectl(*words, **more):
    environment = dict(os.environ, PATH="/usr/local/bin:/usr/bin:/bin:" + os.environ.get("PATH", ""), KUBECONFIG=KUBECONFIG)
    ran = subprocess.run(("kubectl", "--request-timeout=30s") + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, universal_newlines=True, **more)
    if ran.returncode != 0:
        raise Refused("kubectl %s: %s" % (" ".join(words[:2]), (ran.stderr.strip().splitlines() or ["exit status %d" % ran.returncode])[-1]))
    return ran.stdout


def objects(kind):
    return json.loads(kubectl("get", kind, "--all-namespaces", "--output=json"))["items"]


def place(one):
    return (one["metadata"].get("namespace", ""), one["metadata"]["name"])


def held(one, finalizers):
    return any(had.startswith(finalizers) for had in one["metadata"].get("finalizers", []))


def balanced():
    """Services and Ingresses by kind and place; a Service of another class has a load balancer that is not on AWS."""
    services = [
        one for one in objects("services")
        if held(one, HELD_SERVICE) or (one["spec"].get("type") == "LoadBalancer" and one["spec"].get("loadBalancerClass") in (None, "service.k8s.aws/nlb"))
    ]
    ingresses = [one for one in objects("ingresses") if held(one, HELD_INGRESS)]
    return [("Service",) + place(one) for one in services] + [("Ingress",) + place(one) for one in ingresses]


def claims():
    """Claims whose volume goes with them."""
    found = []
    for one in objects("persistentvolumes"):
        spec = one["spec"]
        if spec.get("csi", {}).get("driver") != DRIVER or spec.get("persistentVolumeReclaimPolicy") != "Delete":
            continue
        claim = spec.get("claimRef", {})
        found.append((claim.get("namespace", ""), claim.get("name", one["metadata"]["name"])))
    return found


def elb(version, action, params):
    SERVICES["elasticloadbalancing"] = version
    return parse(call("elasticloadbalancing", action, params, SHORT))


def pages(ask, params, items, token):
    params = dict(params)
    while True:
        answer = ask(params)
        for one in answer.iterfind(items):
            yield one
        params[token[1]] = answer.findtext(token[0])
        if not params[token[1]]:
            return


def filtered(action, filters, items):
    params = filtering(filters)
    if action == "DescribeSnapshots":
        params["Owner.1"] = "self"
    return pages(lambda asked: parse(call("ec2", action, asked, SHORT)), params, items, ("nextToken", "NextToken"))


def tags_of(one, path):
    return {tag.findtext("key") or tag.findtext("Key"): tag.findtext("value") or tag.findtext("Value") or "" for tag in one.iterfind(path)}


def ours(tags):
    return STACK_TAG not in tags and (tags.get(OWNED) == "owned" or tags.get(CONTROLLER_TAG) == CLUSTER)


def maker(tags):
    """Which controller's role may end it: each may touch only what carries its own tag."""
    if tags.get(OWNED) == "owned":
        return "balancers"
    return "controller" if CONTROLLED else None


def meant(tags):
    for service in ("kubernetes.io/service-name", "service.k8s.aws/stack", "ingress.k8s.aws/stack"):
        if service in tags:
            return ("Ingress " if service.startswith("ingress") else "Service ") + tags[service]
    claim = [tags.get("kubernetes.io/created-for/pvc/" + part, "") for part in ("namespace", "name")]
    return "claim " + "/".join(claim) if all(claim) else ""


def vpc():
    folder = "meta-data/network/interfaces/macs/"
    return (metadata(folder + (metadata(folder) or "").split()[0].rstrip("/") + "/vpc-id") or "").strip()


def tagged(version, names, member, tag_path):
    """Those names that are the cluster's, each with its tags; 20 at a time are looked up."""
    found = {}
    for start in range(0, len(names), 20):
        params = {"%s.member.%d" % (member, number): name for number, name in enumerate(names[start:start + 20], 1)}
        for one in elb(version, "DescribeTags", params).iterfind(".//TagDescriptions/member"):
            tags = tags_of(one, tag_path)
            if ours(tags):
                found[one.findtext("ResourceArn") or one.findtext("LoadBalancerName")] = tags
    return found


def texts(one, path):
    return [found.text for found in one.iterfind(path)]


def balancers_of(home):
    found, used = [], {}
    for kind, action, ids, holder in (("load balancer", "DescribeLoadBalancers", "LoadBalancerArn", "LoadBalancers"), ("target group", "DescribeTargetGroups", "TargetGroupArn", "TargetGroups")):
        all_of = pages(lambda params: elb(BALANCING, action, params), {}, ".//%s/member" % holder, (".//NextMarker", "Marker"))
        # Names of other networks are not looked up.
        here = [one for one in all_of if one.findtext("VpcId") == home]
        names = [one.findtext(ids) for one in here]
        used.update((one.findtext(ids), texts(one, "SecurityGroups/member") + texts(one, "LoadBalancerArns/member")) for one in here)
        found += [(kind, name, tags) for name, tags in tagged(BALANCING, names, "ResourceArns", ".//Tags/member").items()]
    all_of = pages(lambda params: elb(CLASSIC, "DescribeLoadBalancers", params), {}, ".//LoadBalancerDescriptions/member", (".//NextMarker", "Marker"))
    here = [one for one in all_of if one.findtext("VPCId") == home]
    names = [one.findtext("LoadBalancerName") for one in here]
    used.update((one.findtext("LoadBalancerName"), texts(one, "SecurityGroups/member")) for one in here)
    found += [("classic load balancer", name, tags) for name, tags in tagged(CLASSIC, names, "LoadBalancerNames", ".//Tags/member").items()]
    for filters in ((("tag:" + OWNED, "owned"),), (("tag:" + CONTROLLER_TAG, CLUSTER),)):
        for one in filtered("DescribeSecurityGroups", filters + (("vpc-id", home),), ".//securityGroupInfo/item"):
            found.append(("security group", one.findtext("groupId"), dict(tags_of(one, "tagSet/item"), **{"": one.findtext("groupName")})))
    means = {name: meant(tags) for kind, name, tags in found}
    for kind, name, tags in found:
        # A group names the load balancers that it belongs to; a load balancer names its security groups.
        users = [means.get(one, "") for one in used[name]] if kind == "target group" else [means.get(one, "") for one in used if name in used[one]]
        if any(users):
            tags[""] = ", ".join(sorted(set(one or "something else" for one in users)))
    return {(kind, name): tags for kind, name, tags in found if ours(tags)}


def volumes():
    found = []
    for kind, action, items, name, size in (("volume", "DescribeVolumes", ".//volumeSet/item", "volumeId", "size"), ("snapshot", "DescribeSnapshots", ".//snapshotSet/item", "snapshotId", "volumeSize")):
        for one in filtered(action, [("tag:" + OWNED, "owned")], items):
            tags = tags_of(one, "tagSet/item")
            if ours(tags) and one.findtext("status") not in ("deleting", "deleted"):
                found.append({"kind": kind, "id": one.findtext(name), "of": meant(tags), "gib": int(one.findtext(size) or 0)})
    return found


def tell(balanced, claims, account):
    said = {"balanced": ["%s %s/%s" % one for one in balanced], "claims": ["%s/%s" % one for one in claims], "account": account}
    print("##leftovers " + json.dumps(said))


def account():
    act_as(BALANCERS)
    found = [dict({"kind": kind, "id": name, "of": meant(tags) or tags.get("", "")}, **({} if maker(tags) else {"foreign": True})) for (kind, name), tags in sorted(balancers_of(vpc()).items(), key=lambda one: one[0])]
    if not STORAGE:
        return found
    act_as(VOLUMES)
    return found + volumes()


def look():
    tell(balanced(), claims() if STORAGE else [], account())


def bar():
    """Whoever would make an object again, such as a StatefulSet or a GitOps controller, is refused meanwhile."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": resources} for resources, on in ((["services"], END_BALANCERS), (["persistentvolumeclaims"], END_VOLUMES)) if on]
    if END_BALANCERS:
        rules.append({"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["ingresses"]})
    group = {"apiVersion": "admissionregistration.k8s.io/v1"}
    message = "the cluster is being destroyed; if it is not, run: kubectl delete validatingadmissionpolicybinding " + BARRED
    policy = dict(group, kind="ValidatingAdmissionPolicy", metadata={"name": BARRED}, spec={
        "failurePolicy": "Ignore",
        "matchConstraints": {"resourceRules": rules},
        "validations": [{"expression": "request.resource.resource == 'services' && (!has(object.spec.type) || object.spec.type != 'LoadBalancer')", "message": message}],
    })
    binding = dict(group, kind="ValidatingAdmissionPolicyBinding", metadata={"name": BARRED}, spec={"policyName": BARRED, "validationActions": ["Deny"]})
    kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]}))


def admit():
    kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", BARRED, "--ignore-not-found", "--wait=false")


def end(kind, namespace, name):
    kubectl("delete", kind, name, "--namespace", namespace, "--ignore-not-found", "--wait=false")


def end_claims(gone):
    """A claim stays while a pod uses it, so its pods go too; nothing can claim again."""
    wanted = set(gone)
    for namespace, name in sorted(wanted):
        end("persistentvolumeclaim", namespace, name)
    for one in objects("pods"):
        namespace, pod = place(one)
        volumes = one["spec"].get("volumes", [])
        used = {(namespace, volume["persistentVolumeClaim"]["claimName"]) for volume in volumes if "persistentVolumeClaim" in volume}
        # The claim of an ephemeral volume has no other name (Kubernetes, "Ephemeral Volumes", PersistentVolumeClaim naming).
        used |= {(namespace, pod + "-" + volume["name"]) for volume in volumes if "ephemeral" in volume}
        if used & wanted and "deletionTimestamp" not in one["metadata"]:
            end("pod", namespace, pod)


def attempt(work, name):
    try:
        work(name)
    except Refused as error:
        if not BUSY.search(str(error)):
            raise


def end_group(name):
    """A group stays while a rule of another names it: the controller opened the nodes' group to it."""
    for one in filtered("DescribeSecurityGroups", [("ip-permission.group-id", name)], ".//securityGroupInfo/item"):
        for rule in one.iterfind("ipPermissions/item"):
            if name not in [pair.findtext("groupId") for pair in rule.iterfind("groups/item")]:
                continue
            params = {"GroupId": one.findtext("groupId"), "IpPermissions.1.IpProtocol": rule.findtext("ipProtocol"), "IpPermissions.1.Groups.1.GroupId": name}
            for key, path in (("FromPort", "fromPort"), ("ToPort", "toPort")):
                if rule.findtext(path):
                    params["IpPermissions.1." + key] = rule.findtext(path)
            call("ec2", "RevokeSecurityGroupIngress", params, SHORT)
    call("ec2", "DeleteSecurityGroup", {"GroupId": name}, SHORT)


ENDS = (
    ("load balancer", lambda name: elb(BALANCING, "DeleteLoadBalancer", {"LoadBalancerArn": name})),
    ("classic load balancer", lambda name: elb(CLASSIC, "DeleteLoadBalancer", {"LoadBalancerName": name})),
    ("target group", lambda name: elb(BALANCING, "DeleteTargetGroup", {"TargetGroupArn": name})),
    ("security group", end_group),
)


def remove():
    """One round, which the next one repeats: objects first, and what has no object any more when none is left."""
    bar()
    served, claimed = balanced(), claims() if STORAGE else []
    if END_BALANCERS:
        for kind, namespace, name in served:
            end(kind.lower(), namespace, name)
    if END_VOLUMES and claimed:
        end_claims(claimed)
    if END_BALANCERS and not served:
        act_as(BALANCERS)
        found = balancers_of(vpc())
        for who, role in (("balancers", BALANCERS), ("controller", CONTROLLER)):
            own = sorted(one for one, tags in found.items() if maker(tags) == who)
            if own:
                act_as(role)
            for kind, work in ENDS:
                for name in [name for one, name in own if one == kind]:
                    attempt(work, name)
    tell(served, claimed, account())

