"""What would be wrong on the cloud, told from a plan: one function per subject, each giving sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from common import config
from common.adapters.google.indexes import EXPIRING, needed
from common.domain.publication import Network
from common.errors import BadInput
from common.pipeline.definition import PIPELINE
from common.pipeline.launcher import POLICIES
from common.pipeline.place import POOLS
from common.pipeline.stage import LONGEST, LONGEST_ON_GPU, Image, Where
from tests.wiring.terraform_drive import Noted
from tests.wiring.terraform_plan import ROOT, Plan, Resource

DAY_S = 86_400
OUTWARD = ("work-light",)  # it asks platforms, and addresses that people gave, and opens no video
CODE = ("common", "functions", "jobs")


def problems(plan: Plan, noted: Noted) -> list[str]:
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: places(plan),
        lambda: settings(plan),
        lambda: callers(plan),
        lambda: announcements(plan),
        lambda: roles(plan, noted),
        lambda: push(plan),
        lambda: outward(noted),
        lambda: vault(plan),
        lambda: indexes(plan, noted),
        lambda: buckets(plan),
        lambda: database(plan),
        lambda: alerts(plan),
        lambda: edge(plan),
    )
    return [problem for check in checks for problem in check()]


def container(one: Resource) -> dict[str, Any]:
    template = one.values["template"][0]
    inner = template["template"][0] if one.type.endswith("_job") else template
    return dict(inner["containers"][0])


def env(one: Resource) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in container(one)["env"]}


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def services(plan: Plan, region: str) -> dict[str, Resource]:
    return {one.key: one for one in plan.all("cloud_run_v2_service") if one.region == region}


def jobs(plan: Plan, region: str) -> dict[str, Resource]:
    return {one.values["name"]: one for one in plan.all("cloud_run_v2_job") if one.region == region}


def url(plan: Plan, region: str, service: str) -> str:
    return str(plan.outputs["services"][service]).replace(str(plan.outputs["settings"]["CUTROOM_LOCATION"]), region)


# --- subjects -------------------------------------------------------------------------------------------------------


def places(plan: Plan) -> Iterator[str]:
    """Every stage's queue, service and pool, in each region, as the code will look for them."""
    dashboards = "".join(one.values["dashboard_json"] for one in plan.all("monitoring_dashboard"))
    for region in plan.regions():
        here = services(plan, region)
        prefix = env(here["events"])["CUTROOM_PREFIX"]
        queues = {one.values["name"] for one in plan.all("cloud_tasks_queue") if one.region == region}
        for stage in PIPELINE:
            if not re.search(rf"\b{stage.name}\b", dashboards):
                yield f"stage {stage.name} is not in the table: no dashboard names it; run scripts/stages"
            if Where.TASK in stage.places:
                lane = stage.image.value
                if f"{prefix}-{lane}" not in queues:
                    yield f"stage {stage.name}: no queue {prefix}-{lane} in {region}"
                if f"work-{lane}" not in here:
                    yield f"stage {stage.name}: no service works on tasks of {lane} in {region}"
            if Where.POOL in stage.places and f"{prefix}-{POOLS[stage.image]}" not in jobs(plan, region):
                yield f"stage {stage.name}: no job {prefix}-{POOLS[stage.image]} in {region}"
        yield from _services(here, region)
        yield from _jobs(plan, region, prefix)


def _services(here: Mapping[str, Resource], region: str) -> Iterator[str]:
    targets = set(
        re.findall(r"^(?:async )?def ([a-z]\w*)\(request", (ROOT / "functions" / "main.py").read_text(), re.M)
    )
    if {env(one)["FUNCTION_TARGET"] for one in here.values()} != targets:
        yield f"the targets of functions/main.py are {targets}; the services of {region} are of others"
    for name, one in here.items():
        template, image = one.values["template"][0], env(one)["CUTROOM_IMAGE"]
        if container(one)["command"] != ["functions-framework"]:
            yield f"service {name} does not start functions-framework"
        if f"/{'functions' if image == 'light' else image}@" not in container(one)["image"]:
            yield f"service {name} is told that it may load {image}, and its image is {container(one)['image']}"
        if name == "api" and image == "light":
            yield "service api has no model of sentences: nothing would be found by what it means"
        if name.startswith("work-"):
            if name != f"work-{image}":
                yield f"service {name} says that it may load {image}"
            if seconds(template["timeout"]) < LONGEST[Where.TASK]:
                yield f"service {name} ends a request after {template['timeout']}, before a task must be answered"
            if image != "light" and template["max_instance_request_concurrency"] != 1:
                yield f"service {name} works on several videos in the memory of one"
        if name != "api" and one.values["ingress"] != "INGRESS_TRAFFIC_INTERNAL_ONLY":
            yield f"service {name} can be reached from the internet"
        private = [one["egress"] for one in template["vpc_access"]]
        if private != ([] if name in OUTWARD else ["ALL_TRAFFIC"]):
            yield f"service {name} reaches the internet past the private network, or does not and must"
        yield from _models(one, template, mounted=name.startswith("work-") and image != "light")


def _jobs(plan: Plan, region: str, prefix: str) -> Iterator[str]:
    for pool in POLICIES:
        one = jobs(plan, region).get(f"{prefix}-{pool}")
        if one is None:
            yield f"pool {pool} has no job in {region}"
            continue
        outer, inner = one.values["template"][0], one.values["template"][0]["template"][0]
        gpu = POOLS[Image.GPU] == pool
        live = LONGEST_ON_GPU if gpu else LONGEST[Where.POOL]
        if inner["max_retries"] != 0:
            yield f"a worker of {pool} is tried again by Cloud Run, under a launch that is over"
        if outer["task_count"] != 1:
            yield f"a launch of {pool} starts {outer['task_count']} workers"
        if seconds(inner["timeout"]) != live:
            yield f"a worker of {pool} lives {inner['timeout']}, the code counts on {live:g} s"
        if container(one)["command"] != ["python", "-m", "jobs"]:
            yield f"a worker of {pool} does not start python -m jobs"
        if ("nvidia.com/gpu" in container(one)["resources"][0]["limits"]) != gpu or bool(inner["node_selector"]) != gpu:
            yield f"a worker of {pool} has {'no' if gpu else 'a'} GPU"
        yield from _models(one, inner, mounted=True)


def _models(one: Resource, template: Mapping[str, Any], *, mounted: bool) -> Iterator[str]:
    paths = {mount["mount_path"] for mount in container(one)["volume_mounts"]}
    if (env(one).get("CUTROOM_MODELS") in paths) != mounted:
        yield f"{one.address}: CUTROOM_MODELS does not name where models are mounted"
    if not all(volume["gcs"][0]["read_only"] for volume in template["volumes"]):
        yield f"{one.address} could write to the models"


def settings(plan: Plan) -> Iterator[str]:
    """What common/config.py reads is set, is known to it, and says the same as the rest of the plan."""
    known = set(re.findall(r"CUTROOM_[A-Z_]+", (ROOT / "common" / "config.py").read_text()))
    known.add("CUTROOM_SERVICE_MEDIA")  # named there beside that of light work
    uploads = {one.values["name"] for one in plan.all("storage_bucket") if one.key == "uploads"}
    for one in (*plan.all("cloud_run_v2_service"), *plan.all("cloud_run_v2_job")):
        given = env(one)
        try:
            read = config.cloud_from_environment(given)
        except BadInput as error:
            yield f"{one.address}: {error}"
            continue
        if strange := {name for name in given if name.startswith("CUTROOM_")} - known:
            yield f"{one.address}: nothing reads {', '.join(sorted(strange))}"
        if {read.uploads} != uploads or read.location != one.region:
            yield f"{one.address} works on {read.uploads} in {read.location}"
        if read.database != plan.all("firestore_database")[0].values["name"]:
            yield f"{one.address} looks for documents in {read.database}"
        if plan.emails().get(read.invoker) != "invoker" or plan.emails().get(read.signer) != "api":
            yield f"{one.address}: {read.invoker} or {read.signer} is not the account it should be"
    holders: dict[tuple[str | None, str], str] = {}
    for one in (*plan.all("cloud_run_v2_service"), *plan.all("cloud_run_v2_job")):
        template = one.values["template"][0]
        account = (template["template"][0] if one.type.endswith("_job") else template)["service_account"]
        if plan.emails().get(account) != one.key:
            yield f"{one.address} runs as {account}, which is not its own account"
        if other := holders.get((one.region, account)):
            yield f"{one.address} and {other} run as one account"
        holders[one.region, account] = one.address


def callers(plan: Plan) -> Iterator[str]:
    """Whoever calls a service carries the invoker's token, made for that service."""
    active = plan.outputs["settings"]["CUTROOM_LOCATION"]
    audiences = {name: env(one)["CUTROOM_AUDIENCE"] for name, one in services(plan, active).items()}
    if (told := env(services(plan, active)["api"]).get("CUTROOM_ADDRESS")) != plan.outputs["api"]:
        yield f"platforms send people back to {told}, and the API is at {plan.outputs['api']}"
    for region in plan.regions():
        for name, one in services(plan, region).items():
            if env(one)["CUTROOM_AUDIENCE"] != url(plan, region, name):
                yield f"service {name} in {region} takes tokens made for {env(one)['CUTROOM_AUDIENCE']}, not for itself"
            lanes = {key: value for key, value in env(one).items() if key.startswith("CUTROOM_SERVICE_")}
            if lanes != {
                f"CUTROOM_SERVICE_{image}": url(plan, region, f"work-{image.lower()}") for image in ("LIGHT", "MEDIA")
            }:
                yield f"service {name} in {region} sends tasks to {lanes}"
    (push,) = (one.values["push_config"][0] for one in plan.all("pubsub_subscription", "ended"))
    (tick,) = (one.values["http_target"][0] for one in plan.all("cloud_scheduler_job"))
    for name, called, at in (("events", push, push["push_endpoint"]), ("tick", tick, tick["uri"])):
        token = called["oidc_token"][0]
        if (token["audience"], at) != (audiences[name], audiences[name]):
            yield f"{name} is called at {at} with an audience it refuses: {token['audience']}"
        if plan.emails().get(token["service_account_email"]) != "invoker":
            yield f"{name} is called by {token['service_account_email']}, whom it refuses"
    if tick["http_method"] != "POST" or plan.all("cloud_scheduler_job")[0].values["schedule"] != "* * * * *":
        yield "tick is not posted to once a minute"


def announcements(plan: Plan) -> Iterator[str]:
    """Uploads and ends arrive, or lie where somebody finds them."""
    triggers = plan.all("eventarc_trigger")
    watched = [
        pair["value"] for one in triggers for pair in one.values["matching_criteria"] if pair["attribute"] == "bucket"
    ]
    uploads = [one.values["name"] for one in plan.all("storage_bucket") if one.key == "uploads"]
    if watched != uploads:
        yield f"the trigger watches {watched}, not {uploads} alone"
    for one in triggers:
        if plan.emails().get(one.values["service_account"]) != "invoker":
            yield f"the trigger calls as {one.values['service_account']}, whom on_event refuses"
        if one.values["destination"][0]["cloud_run_service"][0]["service"] != "cutroom-events":
            yield "the trigger does not call events"
    for one in plan.all("pubsub_subscription"):
        if one.values["expiration_policy"][0]["ttl"] != "":
            yield f"the subscription {one.name} expires when nothing happens for a while"
    (ended,) = plan.all("pubsub_subscription", "ended")
    if ended.values["ack_deadline_seconds"] < 600:
        yield "an announcement comes again while it is still acted on"
    if not ended.values["retry_policy"]:
        yield "announcements come again without a pause"
    dead = ended.values["dead_letter_policy"][0]["dead_letter_topic"]
    if dead not in {one.values["topic"] for one in plan.all("pubsub_subscription")}:
        yield "dead letters are lost: their topic has no subscription"
    for one in plan.all("pubsub_topic"):
        if one.values["name"] != env(plan.all("cloud_run_v2_service")[0]).get("CUTROOM_TOPIC") and one.name == "ended":
            yield "CUTROOM_TOPIC is not the topic of ends"


# What a component does with a part of the cloud -> the role it takes, and what that is granted on.
GRANTED = {
    ("write", "documents"): ("project", "roles/datastore.user"),
    ("create", "media"): ("bucket media", "roles/storage.objectCreator"),
    ("read", "media"): ("bucket media", "roles/storage.objectViewer"),
    ("read", "uploads"): ("bucket uploads", "roles/storage.objectViewer"),
    ("create", "uploads"): ("bucket uploads", "roles/storage.objectCreator"),
    ("push", "devices"): ("project", "pusher"),
    ("read", "people"): ("project", "roles/firebaseauth.viewer"),
    ("remove", "people"): ("project", "remover"),
    ("delete", "media"): ("bucket media", "roles/storage.objectUser"),
    ("delete", "uploads"): ("bucket uploads", "roles/storage.objectUser"),
    **{
        ("read", name): (f"secret {name}", "roles/secretmanager.secretAccessor")
        for network in get_args(Network)
        for name in (f"{network}-client-id", f"{network}-client-secret")
    },
    ("read", "drive-api-key"): ("secret drive-api-key", "roles/secretmanager.secretAccessor"),
    ("seal", "tokens"): ("key tokens", "roles/cloudkms.cryptoKeyEncrypter"),
    ("open", "tokens"): ("key tokens", "roles/cloudkms.cryptoKeyDecrypter"),
    ("ask", "makers"): ("project", "roles/aiplatform.user"),
    ("sign", "api"): ("account api", "signer"),
    ("act as", "invoker"): ("account invoker", "roles/iam.serviceAccountUser"),
    ("publish", "ended"): ("topic ended", "roles/pubsub.publisher"),
}


def roles(plan: Plan, noted: Noted) -> Iterator[str]:
    """Each component holds the roles for what it was seen to do, and no others; nobody else holds any."""
    regions = plan.regions()
    wanted = {
        (who, *grant) for who, uses in noted.uses.items() for use in uses for grant in _granted(use, uses, regions)
    }
    for one in plan.all("cloud_run_v2_service") + plan.all("cloud_run_v2_job"):
        if container(one)["volume_mounts"]:
            wanted.add((one.key, "bucket models", "roles/storage.objectViewer"))
    wanted.add(("invoker", "project", "roles/eventarc.eventReceiver"))
    for region in regions:
        called = (name for name in services(plan, region) if name != "api")
        wanted |= {("invoker", f"service {name} {region}", "roles/run.invoker") for name in called}
        wanted.add(("allUsers", f"service api {region}", "roles/run.invoker"))
    held = set(_held(plan))
    for who, on, role in sorted(wanted - held):
        yield f"{who} lacks {role} on {on}"
    for who, on, role in sorted(held - wanted):
        yield f"{who} holds {role} on {on}, which nobody was seen to use"


def _granted(use: tuple[str, str], uses: set[tuple[str, str]], regions: list[str]) -> Iterator[tuple[str, str]]:
    what, on = use
    if use in (("read", "media"), ("create", "media"), ("read", "uploads"), ("create", "uploads")):
        if ("delete", on) not in uses:  # whose role holds all of them
            yield GRANTED[use]
    elif use == ("read", "documents"):
        if ("write", "documents") not in uses:
            yield "project", "roles/datastore.viewer"
    elif what == "enqueue":
        yield from ((f"queue {on} {region}", "roles/cloudtasks.enqueuer") for region in regions)
    elif what == "tell":
        pass  # it is no part of the cloud that is told
    elif what in ("start", "cancel"):
        role = "launcher" if what == "start" else "canceller"
        yield from ((f"job {on} {region}", role) for region in regions)
    else:
        yield GRANTED[use]


def _held(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """(who, on, role) of every component, and of everybody; Google's own agents are left out."""
    own = {one.values["id"]: one.name for one in plan.all("project_iam_custom_role")}
    names = {
        "bucket": {one.values["name"]: one.key for one in plan.all("storage_bucket")},
        "topic": {one.values["id"]: one.name for one in plan.all("pubsub_topic")},
        "service_account_id": {one.values["name"]: one.key for one in plan.all("service_account")},
    }
    names["crypto_key_id"] = {one.values["id"]: one.name for one in plan.all("kms_crypto_key")}
    on_a = {"bucket": "bucket", "topic": "topic", "service_account_id": "account", "crypto_key_id": "key"}
    for one in plan.resources:
        if not one.type.endswith("_iam_member"):
            continue
        member = str(one.values["member"])
        email = member.partition(":")[2]
        if email not in plan.emails() and member != "allUsers":
            continue
        who = plan.emails().get(email, member)
        role = own.get(one.values["role"], one.values["role"])
        if one.type == "google_project_iam_member":
            yield who, "project", role
        elif one.type == "google_secret_manager_secret_iam_member":
            yield who, f"secret {one.key.rpartition(' ')[2]}", role
        elif field := next((name for name in on_a if name in one.values), None):
            yield who, f"{on_a[field]} {names[field][one.values[field]]}", role
        else:
            kind = {"cloud_run_v2_service": "service", "cloud_run_v2_job": "job", "cloud_tasks_queue": "queue"}[
                one.type.removeprefix("google_").removesuffix("_iam_member")
            ]
            yield who, f"{kind} {_key(plan, one)} {one.region}", role


def _key(plan: Plan, member: Resource) -> str:
    """Our name of the service, job or queue that a role is granted on."""
    kind = member.type.removesuffix("_iam_member")
    found = [one.key for one in plan.resources if one.type == kind and one.values["name"] == member.values["name"]]
    return found[0]


def push(plan: Plan) -> Iterator[str]:
    """Who is told to push can: the service is on, and the role that sends holds what that takes, and no more."""
    told = [one.address for one in plan.all("cloud_run_v2_service") if env(one).get("CUTROOM_PUSH") == "1"]
    held = [set(one.values["permissions"]) for one in plan.all("project_iam_custom_role", "pusher")]
    on = {one.values["service"] for one in plan.all("project_service")}
    if not told:
        yield "push is asked for, and no service is told of it"
    if held != [{"cloudmessaging.messages.create"}]:
        yield f"who pushes may do {held}"
    if "fcm.googleapis.com" not in on:
        yield "push is asked for, and fcm.googleapis.com is off"


def outward(noted: Noted) -> Iterator[str]:
    """Who asks platforms has a way out."""
    for who, uses in sorted(noted.uses.items()):
        if ("tell", "platforms") in uses and who not in OUTWARD:
            yield f"{who} asks platforms, and has no way out of the private network"


def vault(plan: Plan) -> Iterator[str]:
    """Who seals is told of a key that is renewed, and that can be brought back."""
    (key,) = plan.all("kms_crypto_key")
    if seconds(key.values["rotation_period"]) > 90 * DAY_S:
        yield f"the key of channels is the same for {key.values['rotation_period']}"
    if seconds(key.values["destroy_scheduled_duration"]) < 30 * DAY_S:
        yield "a key of channels that is destroyed is gone at once"
    if "cloudkms.googleapis.com" not in {one.values["service"] for one in plan.all("project_service")}:
        yield "tokens are sealed, and cloudkms.googleapis.com is off"
    for one in plan.all("cloud_run_v2_service"):
        if env(one).get("CUTROOM_KEY") != key.values["id"]:
            yield f"{one.address} seals by {env(one).get('CUTROOM_KEY')}, which is not the key there is"


def indexes(plan: Plan, noted: Noted) -> Iterator[str]:
    """Every question has its index, every index its question, and no field that is asked by is left out."""
    composite = {
        (
            one.values["collection"],
            one.values["query_scope"] == "COLLECTION_GROUP",
            tuple(field["field_path"] for field in one.values["fields"] if field["field_path"] != "__name__"),
            any(field.get("order") == "DESCENDING" for field in one.values["fields"]),
        )
        for one in plan.all("firestore_index")
    }
    fields = {(one.values["collection"], one.values["field"]): one.values for one in plan.all("firestore_field")}
    there = composite | {
        (collection, True, (field,), False)
        for (collection, field), values in fields.items()
        if any(one["query_scope"] == "COLLECTION_GROUP" for one in values["index_config"][0]["indexes"])
    }
    used = set()
    for question in noted.questions:
        index = needed(question)
        if index is not None:
            wanted = (index.collection, index.group, index.fields, index.last_first)
            used.add(wanted)
            if wanted not in there:
                yield f"no index for {index.collection} by {', '.join(index.fields)}"
        for name in question.equal | ({question.ranged} if question.ranged and not question.group else set()):
            of_groups = question.group and (question.collection, True, (name,), False) in there
            if (question.collection, name) in fields and not of_groups:
                yield f"{question.collection} are asked by {name}, which is not indexed as usual"
    for collection, _, names, _ in sorted(there - used):
        yield f"nothing asks {collection} by {', '.join(names)}, which is indexed"
    for collection in EXPIRING:
        if not fields.get((collection, "expires"), {}).get("ttl_config"):
            yield f"{collection} never expire"


def buckets(plan: Plan) -> Iterator[str]:
    found = {one.key: one.values for one in plan.all("storage_bucket")}
    if missing := {"uploads", "media", "models", "knowledge"} - set(found):
        yield f"there is no bucket for {missing}"
    for name, values in found.items():
        if not values["uniform_bucket_level_access"] or values["public_access_prevention"] != "enforced":
            yield f"the bucket {name} could be opened to everybody"
        if not values["versioning"][0]["enabled"]:
            yield f"the bucket {name} keeps no versions: versioning is off"
        if values["soft_delete_policy"][0]["retention_duration_seconds"] != 30 * DAY_S:
            yield f"what is deleted from the bucket {name} is not kept for 30 days"
        if values["force_destroy"]:
            yield f"the bucket {name} is destroyed with all that is in it"
    cors = found["uploads"]["cors"]
    if not cors or not {"PUT", "POST"} <= set(cors[0]["method"]) or "Location" not in cors[0]["response_header"]:
        yield "a browser cannot send a file to the bucket uploads in parts"


def database(plan: Plan) -> Iterator[str]:
    (one,) = plan.all("firestore_database")
    if one.values["point_in_time_recovery_enablement"] != "POINT_IN_TIME_RECOVERY_ENABLED":
        yield "the database cannot be restored to a minute of the last seven days"
    if one.values["delete_protection_state"] != "DELETE_PROTECTION_ENABLED":
        yield "the database of production can be deleted"
    backups = plan.all("firestore_backup_schedule")
    if [seconds(backup.values["retention"]) for backup in backups] != [30 * DAY_S]:
        yield "there is no daily backup that is kept for 30 days"
    rules = "".join(one.values["source"][0]["files"][0]["content"] for one in plan.all("firebaserules_ruleset"))
    if "if false" not in rules or "if true" in rules:
        yield "documents can be read past the API"


def alerts(plan: Plan) -> Iterator[str]:
    """The numbers of PRODUCT.md E4, every queue, pool and dead letter watched, somebody told each time."""
    policies = plan.all("monitoring_alert_policy")
    watched = [
        (one, condition["condition_threshold"][0])
        for one in policies
        for condition in one.values["conditions"]
        if condition["condition_threshold"]
    ]

    def thresholds(*parts: str) -> set[float]:
        return {one["threshold_value"] for _, one in watched if all(part in one["filter"] for part in parts)}

    for what, parts, wanted in (
        ("errors: warn at 1 %, page at 5 %", ("request_count", "5xx"), {0.01, 0.05}),
        ("p95 of the API: warn at 1 s, page at 5 s", ("request_latencies", "-api"), {1000, 5000}),
        ("CPU over 80 %", ("cpu/utilizations",), {0.8}),
    ):
        if thresholds(*parts) != wanted:
            yield f"alerts on {what}: found {sorted(thresholds(*parts))}"
    active = plan.outputs["settings"]["CUTROOM_LOCATION"]
    for queue in (one.values["name"] for one in plan.all("cloud_tasks_queue") if one.region == active):
        if thresholds("queue/depth", f'"{queue}"') != {100}:
            yield f"no alert when over 100 tasks wait in {queue}"
    for job in jobs(plan, active):
        if not thresholds("completed_execution_count", f'"{job}"'):
            yield f"no alert when workers of {job} fail"
    for one in plan.all("pubsub_subscription", "dead"):
        if thresholds("num_undelivered_messages", one.values["name"]) != {0}:
            yield "no alert on dead letters"
    if not any(condition["condition_absent"] for one in policies for condition in one.values["conditions"]):
        yield "no alert when tick is silent"
    for one in policies:
        if not one.values["notification_channels"] or not one.values["documentation"][0]["content"]:
            yield f"{one.address} tells nobody, or not what to do"
    code = "".join(path.read_text() for folder in CODE for path in sorted((ROOT / folder).rglob("*.py")))
    for one in plan.all("logging_metric"):
        lines = set(re.findall(r'(?:textPayload|message):"(.*?)"', one.values["filter"]))
        if len(lines) != 1 or not all(line in code for line in lines):
            yield f"{one.address} counts a line that no code writes: {lines}"


def edge(plan: Plan) -> Iterator[str]:
    """E6's limits, OWASP's rules and bots, TLS 1.3, and the cache's lives of E8."""
    (policy,) = plan.all("compute_security_policy")
    limits = {
        (
            rule["rate_limit_options"][0]["enforce_on_key"],
            rule["rate_limit_options"][0]["rate_limit_threshold"][0]["count"],
        )
        for rule in policy.values["rule"]
        if rule["rate_limit_options"]
    }
    if limits != {("IP", 60), ("HTTP_HEADER", 30), ("HTTP_HEADER", 10)}:
        yield f"limits of calls a minute are {sorted(limits)}"
    hours = {
        (ban["count"], ban["interval_sec"])
        for rule in policy.values["rule"]
        for options in rule["rate_limit_options"]
        for ban in options["ban_threshold"]
    }
    if hours != {(1000, 3600)}:
        yield f"limits of calls an hour are {hours}"
    refused = [rule for rule in policy.values["rule"] if rule["action"] == "deny(403)"]
    told = str([rule["match"][0]["expr"] for rule in refused])
    if (
        not all(f"{name}-v33-stable" in told for name in ("sqli", "xss", "lfi", "rfi", "rce"))
        or "user-agent" not in told
    ):
        yield "OWASP's rules or those for bots are missing"
    if max(rule["priority"] for rule in refused) > min(
        rule["priority"] for rule in policy.values["rule"] if rule["rate_limit_options"]
    ):
        yield "a request is let through by its rate before it is looked at"
    if [one.values["min_tls_version"] for one in plan.all("compute_ssl_policy")] != ["TLS_1_3"]:
        yield "older TLS than 1.3 is taken"
    lives = {
        one.key: one.values["cdn_policy"][0]["default_ttl"]
        for one in plan.all("compute_backend_service")
        if one.values["enable_cdn"]
    }
    if lives != {"static": 365 * DAY_S, "thumbnails": 7 * DAY_S}:
        yield f"the cache keeps things for {lives}"
    for one in plan.all("compute_backend_service"):
        if one.values["load_balancing_scheme"] != "EXTERNAL_MANAGED" or not one.values["security_policy"]:
            yield f"{one.address} is not behind the firewall"


def secrets_read(folders: list[Path]) -> set[str]:
    """Names of the secrets that code asks its port of secrets for; what names none by its letters, as it stands."""
    found = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if "secrets" not in (text := path.read_text()):
                continue
            for node in ast.walk(ast.parse(text)):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "get"
                    and ast.unparse(node.func.value).endswith("secrets")
                ):
                    found |= _named(path, node.args[0])
    return found


def _named(path: Path, name: ast.expr) -> set[str]:
    """By its letters, or one for each network where that is all that is left open."""
    if isinstance(name, ast.Constant):
        return {str(name.value)}
    if isinstance(name, ast.JoinedStr):
        open_ = [ast.unparse(part.value) for part in name.values if isinstance(part, ast.FormattedValue)]
        if open_ == ["network"]:
            told = [str(part.value) if isinstance(part, ast.Constant) else None for part in name.values]
            return {"".join(network if part is None else part for part in told) for network in get_args(Network)}
    return {f"{path.name}: {ast.unparse(name)}"}
