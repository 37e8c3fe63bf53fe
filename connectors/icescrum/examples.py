"""One example object per kind that iceScrum publishes: for samples, for the demo, for tests.

Owns the JSON as text, not as dictionaries, because its bytes matter: `"effort":1.10` must not become 1.1, nor `é` an escape. Keys
and their order follow iceScrum's REST answers (class, id, stored properties by name, computed ones,
`*_html`); the Apps' objects are closed and so only plausible. People appear with a name and an id alone, and meetings without a
pin code: iceScrum sends more of both.
"""


def _one_line(text: str) -> bytes:
    """Join the lines below as they stand; no line breaks inside a JSON string, so nothing of the content is lost."""
    return "".join(line.strip() for line in text.splitlines()).encode("utf-8")


_STORY = """
{"class":"Story","id":23,"acceptanceTests_count":2,"acceptedDate":"2026-03-02T09:12:45Z","activities_count":7,
"actors_ids":[{"id":4}],"affectVersion":null,"attachments_count":1,"backlog":{"class":"TimeBox","id":3},"comments_count":1,
"creator":{"class":"User","id":5,"firstName":"Zoë","lastName":"Müller"},"dateCreated":"2026-03-01T14:03:11Z","dependsOn":null,
"description":"As a A[4-Traveller], I can book my hébergement with the car — in one step","doneDate":null,"effort":1.10,
"estimatedDate":"2026-03-03T10:00:00Z",
"feature":{"class":"Feature","id":8,"color":"#0067e8","name":"Réservation","permalink":"https://icescrum.example/p/TRAVEL-F2"},
"followers_ids":[{"id":5},{"id":9}],"frozenDate":null,"inProgressDate":null,"inReviewDate":null,
"lastUpdated":"2026-03-05T08:30:00Z","name":"Hébergement with a car 🚗","notes":"*Price* must stay below 1.10 € a day","origin":null,
"parentSprint":{"class":"Sprint","id":12,"state":1,"capacity":21.0,"velocity":0.0,"orderNumber":2,"parentReleaseId":6,
"hasNextSprint":true,"reactivable":false,"parentReleaseName":"R1","parentReleaseOrderNumber":1,"index":2,"plannedVelocity":13.10},
"plannedDate":"2026-03-05T08:30:00Z","rank":3,"state":4,"suggestedDate":"2026-03-01T14:03:11Z","tasks_count":2,"todoDate":null,
"type":0,"uid":17,"value":8,
"testState":1,"tags":["booking","été"],"dependences":[],"countDoneTasks":0,"totalRemainingTime":7.50,
"project":{"class":"Project","id":1,"pkey":"TRAVEL","name":"Travel agency"},"permalink":"https://icescrum.example/p/TRAVEL-17",
"notes_html":"<p><strong>Price</strong> must stay below 1.10 € a day</p>"}
"""

_TASK = """
{"class":"Task","id":71,"attachments_count":0,"backlog":{"class":"Sprint","id":12},"blocked":false,"color":"#f9f157",
"comments_count":0,"creator":{"class":"User","id":5,"firstName":"Zoë","lastName":"Müller"},"dateCreated":"2026-03-06T09:00:00Z",
"description":"Check the tariff's rounding","doneDate":null,"estimation":3.50,"inProgressDate":"2026-03-06T10:15:00Z","initial":4.0,
"lastUpdated":"2026-03-06T10:15:00Z","name":"Vérifier le tarif","notes":null,
"parentStory":{"class":"Story","id":23,"state":5,"effort":1.10,"uid":17,"name":"Hébergement with a car 🚗","rank":3,"project":1,
"permalink":"https://icescrum.example/p/TRAVEL-17"},"rank":1,
"responsible":{"class":"User","id":9,"firstName":"Anaïs","lastName":"Okafor"},"sprint":{"class":"Sprint","id":12},"state":1,
"todoDate":"2026-03-06T09:00:00Z","type":null,"uid":44,"tags":[],"permalink":"https://icescrum.example/p/TRAVEL-T44",
"notes_html":null}
"""

_FEATURE = """
{"class":"Feature","id":8,"activities_count":3,"attachments_count":0,"backlog":{"class":"Project","id":1},"color":"#0067e8",
"comments_count":0,"dateCreated":"2026-02-20T11:00:00Z","description":"Everything about booking","lastUpdated":"2026-03-01T14:00:00Z",
"name":"Réservation","notes":null,"rank":1,"type":0,"uid":2,"value":13,"state":1,"countDoneStories":0,"stories_ids":[{"id":23}],
"tags":["booking"],"project":{"class":"Project","id":1,"pkey":"TRAVEL","name":"Travel agency"},
"permalink":"https://icescrum.example/p/TRAVEL-F2","notes_html":null}
"""

_SPRINT = """
{"class":"Sprint","id":12,"activities_count":2,"attachments_count":0,"capacity":21.0,"dateCreated":"2026-03-01T08:00:00Z",
"deliveredVersion":null,"doneDate":null,"doneDefinition":"Tested, *documented*, réceptionné","endDate":"2026-03-20T00:00:00Z",
"goal":"A traveller can book","inProgressDate":"2026-03-06T08:00:00Z","lastUpdated":"2026-03-06T08:00:00Z","orderNumber":2,
"parentRelease":{"class":"Release","id":6},"retrospective":null,"startDate":"2026-03-06T00:00:00Z","state":2,"todoDate":null,
"velocity":0.0,"index":2,"fullName":"R1 - Sprint 2","stories_ids":[{"id":23}],"parentReleaseName":"R1","plannedVelocity":13.10,
"doneDefinition_html":"<p>Tested, <strong>documented</strong>, réceptionné</p>","retrospective_html":null}
"""

_RELEASE = """
{"class":"Release","id":6,"activities_count":1,"attachments_count":0,"dateCreated":"2026-02-15T08:00:00Z","doneDate":null,
"endDate":"2026-06-30T00:00:00Z","firstSprintIndex":1,"goal":"Ouverture de la saison d'été","inProgressDate":"2026-02-16T08:00:00Z",
"lastUpdated":"2026-02-16T08:00:00Z","name":"R1","orderNumber":1,"startDate":"2026-02-16T00:00:00Z","state":2,"todoDate":null,
"vision":null,"sprints_ids":[{"id":11},{"id":12}],"project":{"class":"Project","id":1,"pkey":"TRAVEL","name":"Travel agency"},
"vision_html":null}
"""

_ACCEPTANCE_TEST = """
{"class":"AcceptanceTest","id":31,"creator":{"class":"User","id":9,"firstName":"Anaïs","lastName":"Okafor"},
"dateCreated":"2026-03-04T09:00:00Z","description":"*Given* a car at 1.10 € *When* I book *Then* the total is shown",
"lastUpdated":"2026-03-04T09:00:00Z","name":"Total à payer","parentStory":{"class":"Story","id":23},"rank":1,"state":1,"uid":9,
"description_html":"<p><strong>Given</strong> a car at 1.10 € <strong>When</strong> I book <strong>Then</strong> the total is shown</p>"}
"""

_COMMENT = """
{"class":"Comment","id":58,"body":"Très bien, but *mind* the tariff","body_html":"<p>Très bien, but <strong>mind</strong> the tariff</p>",
"poster":{"class":"User","id":9,"firstName":"Anaïs","lastName":"Okafor"},"dateCreated":"2026-03-05T16:20:00Z",
"lastUpdated":"2026-03-05T16:20:00Z","commentable":{"class":"Story","id":23}}
"""

_ACTOR = """
{"class":"Actor","id":4,"dateCreated":"2026-02-15T08:10:00Z","description":"Someone who travels","lastUpdated":"2026-02-15T08:10:00Z",
"name":"Voyageur","uid":1,"stories_ids":[{"id":23}]}
"""

_MEETING = """
{"class":"Meeting","id":14,"dateCreated":"2026-03-06T08:55:00Z","endDate":"2026-03-06T09:30:00Z","lastUpdated":"2026-03-06T08:55:00Z",
"owner":{"class":"User","id":5,"firstName":"Zoë","lastName":"Müller"},"provider":"jitsi","startDate":"2026-03-06T09:00:00Z",
"subjectId":12,"subjectType":"sprint","topic":"Planification du sprint 2","videoLink":"https://meet.example/travel-sprint-2"}
"""

_AVAILABILITY = """
{"class":"Availability","id":19,"date":"2026-03-09T00:00:00Z","days":0.50,"sprint":{"class":"Sprint","id":12},
"user":{"class":"User","id":9,"firstName":"Anaïs","lastName":"Okafor"}}
"""

_BUILD = """
{"class":"Build","id":205,"builtOn":"jenkins","date":"2026-03-06T11:04:00Z","jobName":"travel-agency","name":"#205","number":205,
"status":"SUCCESS","stories_ids":[{"id":23}],"tasks_ids":[{"id":71}],"url":"https://ci.example/job/travel-agency/205/"}
"""

_COMMIT = """
{"class":"Commit","id":412,"author":"Zoë Müller","date":"2026-03-06T10:58:00Z","message":"T44 arrondir le tarif à 1.10",
"revision":"9fceb02d0ae598e95dc970b74767f19372d61af8","tasks_ids":[{"id":71}],
"url":"https://git.example/travel/commit/9fceb02d0ae598e95dc970b74767f19372d61af8"}
"""

_EVENT = """
{"class":"Event","id":7,"color":"#0067e8","date":"2026-05-01T00:00:00Z","name":"Salon du tourisme","roadmap":{"class":"Roadmap","id":2}}
"""

_ROADMAP = """
{"class":"Roadmap","id":2,"dateCreated":"2026-02-15T08:20:00Z","lastUpdated":"2026-02-20T08:20:00Z","name":"Été 2026",
"project":{"class":"Project","id":1,"pkey":"TRAVEL","name":"Travel agency"}}
"""

_TEMPLATE = """
{"class":"Template","id":3,"itemClass":"story","name":"Story de réservation",
"project":{"class":"Project","id":1,"pkey":"TRAVEL","name":"Travel agency"}}
"""

_OTHER = """
{"id":1,"name":"Exemple – an object of your own","amount":1.10,"tags":["one","two"],"updated":"2026-03-05T08:30:00Z"}
"""

OBJECTS: dict[str, bytes] = {
    "story": _one_line(_STORY),
    "task": _one_line(_TASK),
    "feature": _one_line(_FEATURE),
    "sprint": _one_line(_SPRINT),
    "release": _one_line(_RELEASE),
    "acceptanceTest": _one_line(_ACCEPTANCE_TEST),
    "comment": _one_line(_COMMENT),
    "actor": _one_line(_ACTOR),
    "meeting": _one_line(_MEETING),
    "availability": _one_line(_AVAILABILITY),
    "build": _one_line(_BUILD),
    "commit": _one_line(_COMMIT),
    "event": _one_line(_EVENT),
    "roadmap": _one_line(_ROADMAP),
    "template": _one_line(_TEMPLATE),
    "other": _one_line(_OTHER),
}
"""Kind of object → its example; `other` stands for anything that is not iceScrum's."""
