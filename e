/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py:911: SupersessionWarning: Function `asset_materialize_command` is superseded and its usage is discouraged. Use 'dg launch --assets <selection>' instead.
  return callback(*args, **kwargs)
Traceback (most recent call last):
  File "/tmp/cr8/.venv/bin/dagster", line 8, in <module>
    sys.exit(main())
             ^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_cli/__init__.py", line 50, in main
    cli(auto_envvar_prefix=ENV_PREFIX)
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 1653, in __call__
    return self.main(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 1560, in main
    rv = self.invoke(ctx)
         ^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 2054, in invoke
    return _process_result(sub_ctx.command.invoke(sub_ctx))
                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 2054, in invoke
    return _process_result(sub_ctx.command.invoke(sub_ctx))
                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 1414, in invoke
    return ctx.invoke(self.callback, **ctx.params)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/click/core.py", line 911, in invoke
    return callback(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_core/decorator_utils.py", line 232, in wrapped_with_pre_call_fn
    return fn(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_cli/asset.py", line 70, in asset_materialize_command
    asset_materialize_command_impl(
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_cli/asset.py", line 90, in asset_materialize_command_impl
    execute_materialize_command(
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_core/telemetry.py", line 149, in wrap
    result = f(*args, **kwargs)
             ^^^^^^^^^^^^^^^^^^
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster/_cli/asset.py", line 202, in execute_materialize_command
    check.failed("Asset has partitions, but no '--partition' option was provided")
  File "/tmp/cr8/.venv/lib/python3.11/site-packages/dagster_shared/check/functions.py", line 1766, in failed
    raise CheckError(f"Failure condition: {desc}")
dagster_shared.check.functions.CheckError: Failure condition: Asset has partitions, but no '--partition' option was provided
