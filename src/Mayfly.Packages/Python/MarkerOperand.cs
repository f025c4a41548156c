namespace Mayfly.Packages.Python;

/// <summary>One side of a comparison in a marker: a variable, or a text in quotes.</summary>
/// <param name="Variable">Null for a text.</param>
/// <param name="Text">What stands in the quotes; empty for a variable.</param>
public readonly record struct MarkerOperand(MarkerVariable? Variable, string Text)
{
    /// <summary>Every name that is read; the first of each is the one that is written. Those with points are of the time before PEP 508.</summary>
    private static readonly (string Name, MarkerVariable Variable)[] Names =
    [
        ("os_name", MarkerVariable.OsName), ("sys_platform", MarkerVariable.SysPlatform), ("platform_machine", MarkerVariable.PlatformMachine),
        ("platform_python_implementation", MarkerVariable.PlatformPythonImplementation), ("platform_release", MarkerVariable.PlatformRelease),
        ("platform_system", MarkerVariable.PlatformSystem), ("platform_version", MarkerVariable.PlatformVersion), ("python_version", MarkerVariable.PythonVersion),
        ("python_full_version", MarkerVariable.PythonFullVersion), ("implementation_name", MarkerVariable.ImplementationName),
        ("implementation_version", MarkerVariable.ImplementationVersion), ("extra", MarkerVariable.Extra),
        ("os.name", MarkerVariable.OsName), ("sys.platform", MarkerVariable.SysPlatform), ("platform.version", MarkerVariable.PlatformVersion),
        ("platform.machine", MarkerVariable.PlatformMachine), ("platform.python_implementation", MarkerVariable.PlatformPythonImplementation),
        ("python_implementation", MarkerVariable.PlatformPythonImplementation),
    ];

    /// <summary>The text in quotes that do not stand in it.</summary>
    public override string ToString()
    {
        if (Variable is { } variable)
            return Names.First(one => one.Variable == variable).Name;
        var quote = Text.Contains('"', StringComparison.Ordinal) ? '\'' : '"';
        return $"{quote}{Text}{quote}";
    }

    internal static MarkerVariable? Find(ReadOnlySpan<char> name)
    {
        foreach (var one in Names)
        {
            if (name.SequenceEqual(one.Name))
                return one.Variable;
        }

        return null;
    }

    internal string In(MarkerEnvironment environment) => Variable is { } variable ? environment[variable] : Text;
}
