"""What surrounds a run: checks before it, the microworld's teacher beside it, MLflow along it, the bill."""

from instruction_tuning.hooks.candidate import CandidateHooks
from instruction_tuning.hooks.global_settings import GlobalSettingsHooks
from instruction_tuning.hooks.mlflow_tracking import MlflowHooks
from instruction_tuning.hooks.parameter_names import ParameterNameHooks
from instruction_tuning.hooks.run_start import RunStartHooks
from instruction_tuning.hooks.teacher_bill import TeacherBillHooks
from instruction_tuning.hooks.teacher_server import TeacherServerHooks

PROJECT_HOOKS = (
    GlobalSettingsHooks(),
    ParameterNameHooks(),
    CandidateHooks(),
    RunStartHooks(),
    TeacherServerHooks(),
    MlflowHooks(),
    TeacherBillHooks(),
)
