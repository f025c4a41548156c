using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>What an environment had when Mayfly left it.</summary>
/// <remarks>
/// What it keeps: the file <c>.mayfly</c> in the environment, a line for each distribution with its version, the digest of the wheel that it came from, that of its
/// <c>RECORD</c>, that of the sources if the wheel was built, and the index that it came from. How it changes: with the environment, in the same exchange. What is installed is always told by the distributions' own metadata and never by this file, which pip knows
/// nothing of; it is there so that a change which somebody else made is noticed.
/// </remarks>
public sealed record EnvironmentRecord
{
    private const string Name = ".mayfly", None = "-";

    /// <param name="Wheel">SHA-256 of the archive that it came from; null when that is not known.</param>
    /// <param name="Record">SHA-256 of its <c>RECORD</c>; null when it has none.</param>
    /// <param name="Source">SHA-256 of the archive that the wheel was built from; null when it was not, or from a folder.</param>
    /// <param name="Index">Without a password; null when it came from none, or that is not known.</param>
    private sealed record Entry(ProjectName Project, PythonVersion Version, string? Wheel, string? Record, string? Source, Uri? Index);

    private readonly IReadOnlyList<Entry> _entries;

    private EnvironmentRecord(IReadOnlyList<Entry> entries) => _entries = entries;

    /// <summary>Null when Mayfly never changed it, or the file cannot be read.</summary>
    public static EnvironmentRecord? Read(string root)
    {
        if (!File.Exists($"{root}/{Name}"))
            return null;
        List<Entry> entries = [];
        foreach (var line in File.ReadLines($"{root}/{Name}"))
        {
            if (line.Split(' ') is not [var name, var version, var wheel, var record, .. var more] || more.Length > 2 || !ProjectName.IsValid(name) || PythonVersion.TryParse(version) is not { } parsed)
                return null;
            entries.Add(new Entry(ProjectName.Parse(name), parsed, Said(wheel), Said(record), Said(more.ElementAtOrDefault(0)), Said(more.ElementAtOrDefault(1)) is { } index && Uri.TryCreate(index, UriKind.Absolute, out var address) ? address : null));
        }

        return new EnvironmentRecord(entries);

        static string? Said(string? field) => field == None ? null : field;
    }

    /// <summary>SHA-256 of the wheel that a distribution came from; null when Mayfly did not install it, or somebody has changed it since.</summary>
    public string? WheelOf(InstalledDistribution installed, string packages) => Of(installed, packages)?.Wheel;

    /// <summary>SHA-256 of the sources that it was built from; null when it was not, or that is not known.</summary>
    public string? SourceOf(InstalledDistribution installed, string packages) => Of(installed, packages)?.Source;

    /// <summary>Where what is installed came from, as far as that is known.</summary>
    public static IReadOnlyDictionary<ProjectName, KnownOrigin> Origins(VirtualEnvironment environment)
    {
        var record = Read(environment.Root);
        return environment.Installed().Select(one => record?.Of(one, environment.PackagesFolder)).OfType<Entry>().Where(static entry => entry.Index is not null).DistinctBy(static entry => entry.Project)
            .ToDictionary(static entry => entry.Project, entry => new KnownOrigin(entry.Index!, new[] { entry.Wheel, entry.Source }.OfType<string>().ToHashSet(), environment.Root));
    }

    private Entry? Of(InstalledDistribution installed, string packages) =>
        _entries.FirstOrDefault(one => one.Project == installed.Project && one.Version == installed.Version && one.Record == RecordOf(installed, packages));

    /// <summary>What somebody else has changed since, a sentence each without a full stop.</summary>
    public IReadOnlyList<string> Changes(IReadOnlyList<InstalledDistribution> installed, string packages)
    {
        List<string> changes = [];
        foreach (var entry in _entries)
        {
            if (installed.FirstOrDefault(one => one.Project == entry.Project) is not { } now)
                changes.Add($"{entry.Project} {entry.Version} was removed");
            else if (now.Version != entry.Version)
                changes.Add($"{entry.Project} {entry.Version} became {now.Version}{By(now)}");
            else if (RecordOf(now, packages) != entry.Record)
                changes.Add($"{entry.Project} {entry.Version} was installed anew{By(now)}");
        }

        changes.AddRange(installed.Where(one => _entries.All(entry => entry.Project != one.Project)).Select(static one => $"{one.Project} {one.Version} was installed{By(one)}"));
        return changes;

        static string By(InstalledDistribution one) => one.Installer is "" or "mayfly" ? "" : $" by {one.Installer}";
    }

    /// <summary>Writes it into an environment that is being made.</summary>
    /// <param name="made">Where that is.</param>
    /// <param name="packages">Its folder of packages, from there.</param>
    /// <param name="before">What was known of those that stay; null for nothing.</param>
    /// <param name="folder">The packages of the environment before the change, whose records it speaks of.</param>
    /// <param name="install">What comes.</param>
    internal static void Write(string made, string packages, EnvironmentRecord? before, string folder, IReadOnlyList<WheelPlan> install)
    {
        var text = new StringBuilder();
        foreach (var one in InstalledDistribution.In($"{made}/{packages}"))
        {
            var (wheel, source, index) = install.FirstOrDefault(plan => plan.Wheel.Information == one.Information) is { } plan ? (plan.Wheel.Sha256, plan.Source, plan.Index) : (before?.WheelOf(one, folder), before?.SourceOf(one, folder), before?.Of(one, folder)?.Index);
            text.Append($"{one.Project} {one.Version} {wheel ?? None} {RecordOf(one, $"{made}/{packages}") ?? None} {source ?? None} {index?.AbsoluteUri ?? None}\n");
        }

        File.WriteAllText($"{made}/{Name}", text.ToString());
    }

    private static string? RecordOf(InstalledDistribution one, string packages) =>
        $"{packages}/{one.Information}/RECORD" is var path && File.Exists(path) ? Base64Url.EncodeToString(SHA256.HashData(File.ReadAllBytes(path))) : null;
}
