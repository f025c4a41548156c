namespace Mayfly.Packages.Python;

/// <summary>What a marker may ask of the place where a project is to be installed; PEP 508, "Environment Markers".</summary>
public enum MarkerVariable : byte
{
    OsName,
    SysPlatform,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonVersion,
    PythonFullVersion,
    ImplementationName,
    ImplementationVersion,

    /// <summary>Which optional part of a project is meant.</summary>
    Extra,
}
