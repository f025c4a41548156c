using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Python.Universal;

namespace Mayfly.Cli.Env;

/// <summary>Which interpreters and systems a lock is for, where that is more than the one at hand.</summary>
internal sealed class UniversalOptions
{
    private readonly Option<bool> _universal = new("--universal") { Description = "Lock for every Python that the project allows, on Linux, macOS and Windows" };
    private readonly Option<string[]> _pythons = new("--python-version") { Description = "Lock for these: 3.11,3.12, or '>=3.9,<3.13'", HelpName = "VERSIONS" };
    private readonly Option<string[]> _platforms = new("--platform") { Description = "Lock for these: linux, macos, windows, linux_aarch64, …", HelpName = "PLATFORMS" };

    private UniversalOptions()
    {
    }

    public static UniversalOptions AddTo(Command command)
    {
        var options = new UniversalOptions();
        command.Add(options._universal);
        command.Add(options._pythons);
        command.Add(options._platforms);
        return options;
    }

    /// <summary>Null where the lock is for one interpreter.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="requirements">What is asked for, with what the project says of Python.</param>
    /// <param name="interpreter">The one at hand: where nothing else is said of Python, older ones are not locked for.</param>
    /// <param name="before">The lock that is replaced: what it is for, it stays for.</param>
    /// <param name="stays">False where one interpreter was named.</param>
    public (PythonRange Pythons, IReadOnlyList<LockPlatform> Platforms)? Read(ParseResult result, RequirementsFile requirements, Interpreter interpreter, Pylock? before, bool stays)
    {
        var universal = result.GetValue(_universal);
        string[] pythons = [.. result.GetValue(_pythons) ?? []];
        LockPlatform[] platforms = [.. (result.GetValue(_platforms) ?? []).SelectMany(static text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(LockPlatform.Parse).Distinct()];
        if (!universal && pythons is [] && platforms is [])
            return !stays || before is not { Platforms.Count: > 0 } ? null : (PythonRange.OfLock(before.RequiresPython), [.. before.Platforms.Select(LockPlatform.Parse)]);
        var within = requirements.RequiresPython;
        if (platforms is [])
            platforms = universal ? [.. LockPlatform.Usual] : [LockPlatform.Parse($"linux_{interpreter.Target.Markers.PlatformMachine}")];
        if (pythons is [])
            return (universal ? PythonRange.Of(within.Clauses.Count > 0 ? within : VersionSpecifier.Parse($">=3.{interpreter.Minor}")) : PythonRange.Parse([$"3.{interpreter.Minor}"], within), platforms);
        return (PythonRange.Parse(pythons, within), platforms);
    }
}
