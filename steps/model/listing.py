"""What a list of releases has of each app: its claim, its last record, and what of them cannot be read."""

from dataclasses import dataclass

from steps.model.looks import LastLook
from steps.model.run import Claim, ObjectName, Record


@dataclass(frozen=True, slots=True)
class ListedApp:
    """One app on the VirtualService that holds its state.

    Args:
        virtual_service: the object; its namespace counts as the app's.
        app: the application; a long name as keys carry it, where only a record is left.
        claim: of the running release, None where there is none or it cannot be read.
        is_expired: whether the claim expired, so that sweep or the next prepare takes it over.
        record: of the last release, None where there is none or it cannot be read.
        unreadable: sentences about claims and records that cannot be read, with what to do.
        is_claim_unreadable: whether there is a claim that cannot be read.
        is_record_unreadable: whether there is a record that cannot be read.
        look: of an analysis without a run, or of a run that just failed; a living run's look is in its claim.
    """

    virtual_service: ObjectName
    app: str
    claim: Claim | None = None
    is_expired: bool = False
    record: Record | None = None
    unreadable: tuple[str, ...] = ()
    is_claim_unreadable: bool = False
    is_record_unreadable: bool = False
    look: LastLook | None = None

    @property
    def namespace(self) -> str:
        """The namespace of the VirtualService."""
        return self.virtual_service.namespace
