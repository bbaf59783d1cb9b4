# The API's load balancers and one control-plane node: it leaves them before its API server is gone, so that no call is sent to a dead one.
# Variables: TARGET_GROUPS TAG_NAME TAG_VALUE WAIT

SERVICES["elasticloadbalancing"] = "2015-12-01"


def answer(service, action, params):
    return parse(call(service, action, params))


def found(address):
    """Each target group with the running instance at that address; none where the instance or the group is gone."""
    filters = (("private-ip-address", address), ("instance-state-name", "running"), ("tag:" + TAG_NAME, TAG_VALUE))
    instances = [one.text for one in answer("ec2", "DescribeInstances", filtering(filters)).iterfind(".//instancesSet/item/instanceId")]
    groups = []
    for name in TARGET_GROUPS:
        try:
            groups += [one.text for one in answer("elasticloadbalancing", "DescribeTargetGroups", {"Names.member.1": name}).iter("TargetGroupArn")]
        except Refused as error:
            if ": TargetGroupNotFound:" not in str(error):
                raise
    return [(group, instance) for group in groups for instance in instances]


def target(group, instance):
    return {"TargetGroupArn": group, "Targets.member.1.Id": instance}


def gone(group, instance):
    health = answer("elasticloadbalancing", "DescribeTargetHealth", target(group, instance))
    states = [one.text for one in health.iterfind(".//TargetHealth/State")]
    # One that is not registered any more is told as unused.
    return states != [] and all(state == "unused" for state in states)


def deregister(address):
    """Returns once the load balancers send the instance nothing more, and calls under way have had their time."""
    pairs = found(address)
    for pair in pairs:
        call("elasticloadbalancing", "DeregisterTargets", target(*pair))
    until = time.monotonic() + WAIT
    while pairs:
        # Before the first look too: it could be answered by what was so a moment ago.
        time.sleep(2)
        pairs = [pair for pair in pairs if not gone(*pair)]
        if pairs and time.monotonic() > until:
            print("load balancers still close connections of %s after %d s; continuing" % (address, WAIT))
            return


def register(address):
    for pair in found(address):
        call("elasticloadbalancing", "RegisterTargets", target(*pair))

