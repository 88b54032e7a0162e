"""Where a run stands and where an exit leads, through scenarios that start one another. Nothing is stored here."""

from django.utils import timezone

from contactcenter.models import ScenarioRun, ScenarioVersion

from . import definition
from .blocks import BY_KIND
from .blocks.base import FAILED, NEXT, START, WAIT
from .context import Context
from .memory import Memory

# How often exception handlers take over in one run.
MOST_RESCUES = 5
Status = ScenarioRun.Status


class Course:
    """Moves the position of `run`, which its owner stores."""

    def __init__(self, run: ScenarioRun) -> None:
        self.run = run
        self.version: ScenarioVersion = run.version
        self.blocks: dict[str, definition.BlockData] = {}

    @property
    def memory(self) -> Memory:
        return Memory(self.run.variables)

    def read(self) -> bool:
        """The blocks of the version at work: the run's own, or that of a scenario that it has started."""
        wanted = self.memory.version_id or self.run.version_id
        if wanted != self.version.pk:
            found = ScenarioVersion.objects.select_related("scenario").filter(pk=wanted).first()
            self.version = found or self.version
        try:
            self.blocks = definition.blocks_of(self.version.definition) if self.version.pk == wanted else {}
        except (KeyError, TypeError):
            self.blocks = {}
        return bool(self.blocks)

    def stand(self, block: definition.BlockData, exit: str, context: Context | None, error: str) -> None:
        """Where the run is after this exit."""
        run = self.run
        if exit == WAIT:
            run.status, run.due_at = Status.WAITING, context.wake_at if context else None
            return
        if BY_KIND[block["kind"]].polls:
            self.end_wait()
        if exit == START and context is not None and context.enters is not None:
            self.memory.enter(context.enters.pk, block["key"])
            self.read()
            run.block, run.status = str(self.version.definition.get("start", "")), Status.RUNNING
        elif exit == FAILED and not definition.is_connected(block, FAILED) and self.rescue(block, error):
            return
        else:
            run.block, run.status = self.following(block, exit)
        if run.status == Status.WAITING:
            run.due_at = None

    def end_wait(self) -> None:
        """What happened meanwhile is still to be heard. `due_at` says from now on until when the caller was kept."""
        self.run.cursor = self.memory.heard
        if self.run.due_at is not None:
            self.run.due_at = min(self.run.due_at, timezone.now())

    def following(self, block: definition.BlockData, exit: str) -> tuple[str, str]:
        """The next block and the run's status. The end of a branch leads back to the block that waits, the end of a
        scenario that another one has started leads behind the block that started it."""
        to = definition.target(block, exit)
        memory = self.memory
        while not to:
            waiting, final = memory.take_return()
            if waiting and not final:
                return waiting, Status.WAITING
            if not waiting and not memory.callers:
                return "", Status.FINISHED
            if not waiting:
                waiting = memory.leave()
                self.read()
            before = self.blocks.get(waiting)
            to = definition.target(before, NEXT) if before else ""
        return to, Status.RUNNING

    def rescue(self, block: definition.BlockData | None, text: str, *, outward: bool = False) -> bool:
        """Go to the exception handler, if there is one. `outward`: also to what the scenarios around this one have
        connected for its failure, which ends this one."""
        memory = self.memory
        if memory.rescues >= MOST_RESCUES:
            return False
        to = definition.handler(self.blocks)
        while not to and outward and memory.callers:
            starter = memory.leave()
            self.read()
            before = self.blocks.get(starter)
            to = (definition.failed_target(before) if before else "") or definition.handler(self.blocks)
        if not to:
            return False
        memory.note_rescue()
        self.run.variables["exception.block"] = str((block or {}).get("title") or self.run.block)
        self.run.variables["exception.text"] = text
        self.run.block, self.run.status = to, Status.RUNNING
        return True
