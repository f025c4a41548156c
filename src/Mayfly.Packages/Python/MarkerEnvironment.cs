namespace Mayfly.Packages.Python;

/// <summary>The answers of one interpreter to what markers ask; PEP 508, "Environment Markers". The names in the comments are Python's own.</summary>
public sealed record MarkerEnvironment
{
    /// <summary><c>os.name</c></summary>
    public required string OsName { get; init; }

    /// <summary><c>sys.platform</c></summary>
    public required string SysPlatform { get; init; }

    /// <summary><c>platform.machine()</c></summary>
    public required string PlatformMachine { get; init; }

    /// <summary><c>platform.python_implementation()</c></summary>
    public required string PlatformPythonImplementation { get; init; }

    /// <summary><c>platform.release()</c>: the kernel's. An environment that is locked for many machines should not depend on it.</summary>
    public required string PlatformRelease { get; init; }

    /// <summary><c>platform.system()</c></summary>
    public required string PlatformSystem { get; init; }

    /// <summary><c>platform.version()</c>: the kernel's.</summary>
    public required string PlatformVersion { get; init; }

    /// <summary>The first two numbers of <see cref="PythonFullVersion"/>.</summary>
    public required string PythonVersion { get; init; }

    /// <summary><c>platform.python_version()</c></summary>
    public required string PythonFullVersion { get; init; }

    /// <summary><c>sys.implementation.name</c></summary>
    public required string ImplementationName { get; init; }

    /// <summary><c>sys.implementation.version</c>, written as a version.</summary>
    public required string ImplementationVersion { get; init; }

    /// <summary>The extra that is asked for; empty for the project itself.</summary>
    public string Extra { get; init; } = "";

    public string this[MarkerVariable variable] => variable switch
    {
        MarkerVariable.OsName => OsName,
        MarkerVariable.SysPlatform => SysPlatform,
        MarkerVariable.PlatformMachine => PlatformMachine,
        MarkerVariable.PlatformPythonImplementation => PlatformPythonImplementation,
        MarkerVariable.PlatformRelease => PlatformRelease,
        MarkerVariable.PlatformSystem => PlatformSystem,
        MarkerVariable.PlatformVersion => PlatformVersion,
        MarkerVariable.PythonVersion => PythonVersion,
        MarkerVariable.PythonFullVersion => PythonFullVersion,
        MarkerVariable.ImplementationName => ImplementationName,
        MarkerVariable.ImplementationVersion => ImplementationVersion,
        _ => Extra,
    };
}
