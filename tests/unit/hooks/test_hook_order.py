from kedro.framework.hooks.manager import _create_hook_manager

from instruction_tuning.hooks import PROJECT_HOOKS


def test_the_data_are_locked_before_the_run_is_planned() -> None:
    manager = _create_hook_manager()
    for hooks in PROJECT_HOOKS:
        manager.register(hooks)
    # pluggy calls the end of the list first.
    order = [
        type(found.plugin).__name__ for found in reversed(manager.hook.before_pipeline_run.get_hookimpls())
    ]
    assert order.index("DataLockHooks") < order.index("IncrementalPlanHooks")
