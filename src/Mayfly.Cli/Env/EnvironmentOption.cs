using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary>Which environment a verb works on: <c>--env</c>, else the shell's, else <c>.venv</c>.</summary>
internal sealed class EnvironmentOption() : Option<string?>("--env")
{
    public static EnvironmentOption Create() => new() { Description = "The environment: a name, or a path; that of the shell unless given, else .venv", HelpName = "NAME" };

    /// <summary>Its path.</summary>
    public string PathIn(ParseResult result) => PathOf(result.GetValue(this));

    /// <summary>The environment, with a word about what somebody else has changed in it since Mayfly left it.</summary>
    public VirtualEnvironment Open(ParseResult result, Store store) => Open(PathIn(result), store);

    /// <summary>The same, to be read: one that does not run any more is told of in a word too.</summary>
    public VirtualEnvironment Read(ParseResult result, Store store) => Read(PathIn(result), store);

    public static string PathOf(string? name) => EnvironmentPlaces.OfHost() is var places && name is null ? places.Current() : places.PathOf(name!);

    public static VirtualEnvironment Open(string path, Store store) => Told(VirtualEnvironment.Open(path, store));

    public static VirtualEnvironment Read(string path, Store store) => Told(VirtualEnvironment.Read(path, store));

    private static VirtualEnvironment Told(VirtualEnvironment environment)
    {
        if (environment.Loss is { } loss)
            Console.Error.WriteLine($"note: {loss.Refusal.Message}; {loss.Refusal.Hint}");
        if (EnvironmentRecord.Read(environment.Root)?.Changes(environment.Installed(), environment.PackagesFolder) is { Count: > 0 } changes)
            Console.Error.WriteLine($"note: {EnvironmentPlaces.OfHost().NameOf(environment.Root)} was changed since mayfly left it: {string.Join("; ", changes)}");
        return environment;
    }
}
