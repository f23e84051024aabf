"""All checks of an app's surroundings, and what is left out because it could not be read (pure)."""

from collections.abc import Callable, Iterable

from steps.survey.arms import SurveyedArms
from steps.survey.checks.flagger_owner import check_flagger_owner
from steps.survey.checks.foreign_pods import check_foreign_pods
from steps.survey.checks.host_names import check_host_names
from steps.survey.checks.manifests import check_manifests
from steps.survey.checks.other_routes import check_other_routes
from steps.survey.checks.pair import check_pair
from steps.survey.checks.second_virtual_services import check_second_virtual_services
from steps.survey.checks.template_selectors import check_template_selectors
from steps.survey.checks.traffic_policies import check_traffic_policies
from steps.survey.checks.unequal_objects import check_unequal_objects
from steps.survey.checks.weight_at_rest import check_third_destinations, check_weight_at_rest
from steps.survey.checks.workloads import check_workloads
from steps.survey.objects import Survey
from steps.survey.problem import Problem

Check = Callable[[Survey, SurveyedArms], list[Problem]]
CHECKS: tuple[Check, ...] = (
    check_flagger_owner,
    check_pair,
    check_workloads,
    check_foreign_pods,
    check_weight_at_rest,
    check_third_destinations,
    check_host_names,
    check_other_routes,
    check_second_virtual_services,
    check_unequal_objects,
    check_traffic_policies,
    check_template_selectors,
    check_manifests,
)
"""In the order in which a person would solve what they find."""

_ORDER = ("refuses", "warns", "notes")


def all_problems(survey: Survey, arms: SurveyedArms, checks: Iterable[Check] = CHECKS) -> list[Problem]:
    """Return every problem, those that refuse a release first."""
    return sorted_problems(problem for check in checks for problem in check(survey, arms))


def sorted_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems without repetition, the gravest first."""
    return sorted(dict.fromkeys(problems), key=lambda one: _ORDER.index(one.gravity))
