"""Whether a call's recording may be kept: its service says so in general, its scenario for the one call."""

from ..models import Interaction, ScenarioRun, Service

# The scenario variable with which a caller's "no" reaches us; any other value than these forbids to record.
DO_NOT_RECORD = "doNotRecord"
NOT_SET = ("", "0", "false", "no", "none")
Recordings = Service.Recordings


def refusal(interaction: Interaction) -> str:
    """Why no recording of this call is kept, as a sentence; empty where one may be."""
    if interaction.media != Service.Media.VOICE:
        return "This is a chat, not a call."
    if must_not_record(interaction):
        return f"This call must not be recorded: its scenario has set $({DO_NOT_RECORD})."
    service = interaction.service
    if service is None:
        return "This call reached no service, so nobody has decided that its recordings are kept."
    if not are_kept(service):
        return f"The service {service} keeps no recordings. Change Recordings of calls in its settings if it should."
    return ""


def are_kept(service: Service | None) -> bool:
    return service is not None and service.recordings != Recordings.REFUSED


def must_not_record(interaction: Interaction) -> bool:
    run = ScenarioRun.objects.filter(interaction=interaction).only("variables").first()
    return run is not None and str(run.variables.get(DO_NOT_RECORD, "")).strip().lower() not in NOT_SET


def is_transcribed(interaction: Interaction) -> bool:
    wanted = (Recordings.TRANSCRIBED, Recordings.IN_HISTORY)
    return interaction.service is not None and interaction.service.recordings in wanted
