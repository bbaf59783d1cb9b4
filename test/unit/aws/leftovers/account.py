# A cluster and an account in memory, in place of kubectl, AWS and the metadata service. Variables of the test: SERVICES_, CLAIMS, ORPHANS.
import io, json

OWN = {aws.OWNED: "owned"}
HOME, OTHER = "vpc-1", "vpc-2"
balancers = {
    "arn:api": {"VpcId": HOME, "tags": dict(OWN, **{aws.STACK_TAG: aws.CLUSTER})},
    "arn:web": {"VpcId": HOME, "tags": dict(OWN, **{"kubernetes.io/service-name": "shop/web"}), "groups": ["sg-web"]},
    "arn:foreign": {"VpcId": HOME, "tags": {"kubernetes.io/cluster/other": "owned"}},
    "arn:far": {"VpcId": OTHER, "tags": OWN},
}
targets = {"arn:tg-web": {"VpcId": HOME, "tags": OWN, "of": "arn:web"}}
classics = {}
groups = {
    "sg-workers": {"name": "workers", "tags": dict(OWN, **{aws.STACK_TAG: aws.CLUSTER}), "opened": []},
    "sg-web": {"name": "k8s-elb-web", "tags": OWN, "opened": []},
    "sg-foreign": {"name": "foreign", "tags": {}, "opened": []},
}
volumes = {
    "vol-data": {"size": 10, "tags": dict(OWN, **{"kubernetes.io/created-for/pvc/namespace": "shop", "kubernetes.io/created-for/pvc/name": "data"})},
    "vol-keep": {"size": 20, "tags": dict(OWN, **{"kubernetes.io/created-for/pvc/namespace": "shop", "kubernetes.io/created-for/pvc/name": "kept"})},
    "vol-root": {"size": 30, "tags": dict(OWN, **{aws.STACK_TAG: aws.CLUSTER})},
}
services = {
    "shop/web": {"spec": {"type": "LoadBalancer"}, "finalizers": ["service.kubernetes.io/load-balancer-cleanup"], "has": "arn:web"},
    "shop/inside": {"spec": {"type": "ClusterIP"}, "finalizers": []},
    "shop/other-class": {"spec": {"type": "LoadBalancer", "loadBalancerClass": "tailscale"}, "finalizers": []},
}
persistent = {
    "pv-data": {"handle": "vol-data", "claim": ("shop", "data"), "policy": "Delete", "driver": "ebs.csi.aws.com"},
    "pv-keep": {"handle": "vol-keep", "claim": ("shop", "kept"), "policy": "Retain", "driver": "ebs.csi.aws.com"},
    "pv-nfs": {"handle": "x", "claim": ("shop", "nfs"), "policy": "Delete", "driver": "nfs.csi.k8s.io"},
}
pods = {
    "shop/db-0": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]},
    "shop/web-0": {"volumes": [{"name": "e", "emptyDir": {}}]},
}
applied, did = {}, []
deleting = {"services": [], "claims": []}


def add_orphan():
    balancers["arn:orphan"] = {"VpcId": HOME, "tags": OWN}
    targets["arn:tg-orphan"] = {"VpcId": HOME, "tags": OWN, "of": "arn:orphan"}
    classics["aclassic"] = {"VPCId": HOME, "tags": OWN, "groups": ["sg-elb"]}
    groups["sg-elb"] = {"name": "k8s-elb-aclassic", "tags": OWN, "opened": []}
    groups["sg-workers"]["opened"].append("sg-elb")


def add_of_controller():
    balancers["arn:alb"] = {"VpcId": HOME, "tags": {aws.CONTROLLER_TAG: aws.CLUSTER, "ingress.k8s.aws/stack": "shop/site"}}
    balancers["arn:alb-of-another"] = {"VpcId": HOME, "tags": {aws.CONTROLLER_TAG: "another"}}


def controllers():
    """What the controllers do between two rounds."""
    for key in deleting["services"]:
        one = services.pop(key)
        for name in balancers.pop(one["has"], {}).get("groups", []):
            groups.pop(name, None)
        for name in [name for name, target in targets.items() if target["of"] == one["has"]]:
            del targets[name]
    for claim in list(deleting["claims"]):
        if any(claim == ("shop", volume["persistentVolumeClaim"]["claimName"]) for pod in pods.values() for volume in pod["volumes"] if "persistentVolumeClaim" in volume):
            continue
        name = next(name for name, one in persistent.items() if one["claim"] == claim)
        volumes.pop(persistent.pop(name)["handle"])
        deleting["claims"].remove(claim)
    deleting["services"] = []


def listed(kind):
    if kind == "services":
        return [{"metadata": {"namespace": key.split("/")[0], "name": key.split("/")[1], "finalizers": one["finalizers"]}, "spec": one["spec"]} for key, one in services.items()]
    if kind == "persistentvolumes":
        return [{"metadata": {"name": name}, "spec": {"csi": {"driver": one["driver"], "volumeHandle": one["handle"]}, "persistentVolumeReclaimPolicy": one["policy"], "claimRef": {"namespace": one["claim"][0], "name": one["claim"][1]}}} for name, one in persistent.items()]
    if kind == "pods":
        return [{"metadata": {"namespace": key.split("/")[0], "name": key.split("/")[1]}, "spec": {"volumes": one["volumes"]}} for key, one in pods.items()]
    return []


def kubectl(*words, **more):
    if words[0] == "get":
        return json.dumps({"items": listed(words[1])})
    if words[:2] == ("create", "token"):
        return "token-of-%s\n" % words[2]
    if words[0] == "apply":
        for one in json.loads(more["input"])["items"]:
            applied[one["kind"]] = one
        return ""
    if words[0] == "delete" and "validatingadmissionpolicy" in words[1]:
        applied.clear()
        return ""
    kind, name, namespace = words[1], words[2], words[4]
    did.append("kubectl delete %s %s/%s" % (kind, namespace, name))
    if kind == "service":
        deleting["services"].append("%s/%s" % (namespace, name))
    elif kind == "persistentvolumeclaim" and (namespace, name) not in deleting["claims"]:
        deleting["claims"].append((namespace, name))
    elif kind == "pod":
        pods.pop("%s/%s" % (namespace, name))
    return ""


def xml(name, body):
    return '<%sResponse xmlns="urn:x">%s</%sResponse>' % (name, body, name)


def pairs(tags, item, key, value):
    return "".join("<%s><%s>%s</%s><%s>%s</%s></%s>" % (item, key, k, key, value, v, value, item) for k, v in tags.items())


def members(names):
    return "".join("<member>%s</member>" % name for name in names)


def refuse(code):
    raise aws.Refused("%s: because the test says so" % code)


def described(action, params, ids, member, of):
    names = [value for key, value in params.items() if key.startswith(ids)]
    assert 0 < len(names) <= 20, names
    return "".join("<member><%s>%s</%s><Tags>%s</Tags></member>" % (member, name, member, pairs(of[name]["tags"], "member", "Key", "Value")) for name in names)


def paged(params, holder, each):
    """One a page, so that paging is gone through."""
    at = int(params.get("Marker") or 0)
    more = "<NextMarker>%d</NextMarker>" % (at + 1) if at + 1 < len(each) else ""
    return "<%s>%s</%s>%s" % (holder, each[at] if each else "", holder, more)


def balancing(version, action, params):
    if version == aws.CLASSIC:
        if action == "DescribeLoadBalancers":
            return paged(params, "LoadBalancerDescriptions", ["<member><LoadBalancerName>%s</LoadBalancerName><VPCId>%s</VPCId><SecurityGroups>%s</SecurityGroups></member>" % (name, one["VPCId"], members(one["groups"])) for name, one in classics.items()])
        if action == "DescribeTags":
            return "<TagDescriptions>%s</TagDescriptions>" % described(action, params, "LoadBalancerNames", "LoadBalancerName", classics)
        del classics[params["LoadBalancerName"]]
        return ""
    if action == "DescribeTags":
        return "<TagDescriptions>%s</TagDescriptions>" % described(action, params, "ResourceArns", "ResourceArn", dict(balancers, **targets))
    if action == "DescribeLoadBalancers":
        return paged(params, "LoadBalancers", ["<member><LoadBalancerArn>%s</LoadBalancerArn><VpcId>%s</VpcId><AvailabilityZones><member><ZoneName>z</ZoneName></member></AvailabilityZones><SecurityGroups>%s</SecurityGroups></member>" % (name, one["VpcId"], members(one.get("groups", []))) for name, one in balancers.items()])
    if action == "DescribeTargetGroups":
        return paged(params, "TargetGroups", ["<member><TargetGroupArn>%s</TargetGroupArn><LoadBalancerArns>%s</LoadBalancerArns><VpcId>%s</VpcId></member>" % (name, members([one["of"]]), one["VpcId"]) for name, one in targets.items()])
    if action == "DeleteLoadBalancer":
        del balancers[params["LoadBalancerArn"]]
    if action == "DeleteTargetGroup":
        if targets[params["TargetGroupArn"]]["of"] in balancers:
            refuse("ResourceInUse")
        del targets[params["TargetGroupArn"]]
    return ""


def wanted(params, tags, more):
    for number in range(1, 9):
        name, value = params.get("Filter.%d.Name" % number), params.get("Filter.%d.Value.1" % number)
        if name is None:
            return True
        if name.startswith("tag:") and tags.get(name[4:]) != value:
            return False
        if name in more and value not in more[name]:
            return False
    return True


def ec2(action, params):
    if action == "DescribeSecurityGroups":
        each = ["<item><groupId>%s</groupId><groupName>%s</groupName><tagSet>%s</tagSet><ipPermissions>%s</ipPermissions></item>" % (name, one["name"], pairs(one["tags"], "item", "key", "value"), "".join("<item><ipProtocol>tcp</ipProtocol><fromPort>30000</fromPort><toPort>30000</toPort><groups><item><groupId>%s</groupId></item></groups></item>" % other for other in one["opened"])) for name, one in groups.items() if wanted(params, one["tags"], {"vpc-id": [HOME], "ip-permission.group-id": one["opened"]})]
        return "<securityGroupInfo>%s</securityGroupInfo>" % "".join(each)
    if action == "DescribeVolumes":
        return "<volumeSet>%s</volumeSet>" % "".join("<item><volumeId>%s</volumeId><size>%d</size><tagSet>%s</tagSet></item>" % (name, one["size"], pairs(one["tags"], "item", "key", "value")) for name, one in volumes.items() if wanted(params, one["tags"], {}))
    if action == "DescribeSnapshots":
        assert params["Owner.1"] == "self"
        return "<snapshotSet/>"
    if action == "RevokeSecurityGroupIngress":
        groups[params["GroupId"]]["opened"].remove(params["IpPermissions.1.Groups.1.GroupId"])
    if action == "DeleteSecurityGroup":
        if any(params["GroupId"] in one["opened"] for one in groups.values()) or any(params["GroupId"] in one["groups"] for one in classics.values()):
            refuse("DependencyViolation")
        del groups[params["GroupId"]]
    return ""


def once(service, action, params):
    who = aws.credentials()["AccessKeyId"]
    if not action.startswith("Describe"):
        did.append("%s %s" % (who, action))
    # Each controller may do what its own policy allows, and no more.
    alb = params.get("LoadBalancerArn") == "arn:alb"
    if who != ("key-of-storage" if action in ("DescribeVolumes", "DescribeSnapshots") else "key-of-controller" if alb else "key-of-balancers"):
        refuse("UnauthorizedOperation")
    body = ec2(action, params) if service == "ec2" else balancing(aws.SERVICES[service], action, params)
    return xml(action, body)


def sts(address, data=None, timeout=None):
    asked = dict(aws.urllib.parse.parse_qsl(data.decode()))
    role = {"arn:cloud-controller": "cloud-controller-manager", "arn:storage": "ebs-csi-controller-sa", "arn:controller": "aws-load-balancer-controller"}[asked["RoleArn"]]
    assert asked["WebIdentityToken"] == "token-of-" + role, asked
    key = "key-of-" + {"arn:cloud-controller": "balancers"}.get(asked["RoleArn"], asked["RoleArn"][4:])
    return io.BytesIO(xml("AssumeRoleWithWebIdentity", "<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials>" % key).encode())


aws.kubectl = kubectl
aws.call_once = once
aws.AGAIN = aws.re.compile("never")
aws.urllib.request.urlopen = sts
aws.metadata = lambda path: HOME if path.endswith("vpc-id") else "02:00:00:00:00:01/"
