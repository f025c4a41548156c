using System.Buffers.Text;
using System.Security.Cryptography;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>What is wrong in an environment.</summary>
public static class EnvironmentCheck
{
    /// <summary>A sentence each, without a full stop; none when all is well.</summary>
    public static IReadOnlyList<string> Of(VirtualEnvironment environment)
    {
        var installed = environment.Installed();
        return
        [
            .. environment.Loss is { } loss ? [loss.Refusal.Message] : Array.Empty<string>(), .. EnvironmentRecord.Read(environment.Root)?.Changes(installed, environment.PackagesFolder).Select(static change => $"{change} since mayfly left it") ?? [],
            // What fits together is a question of markers, and so of the interpreter.
            .. environment.Loss is null ? EnvironmentPlan.Conflicts(installed, environment.Interpreter.Target) : [],
            .. installed.GroupBy(static one => one.Project).Where(static group => group.Count() > 1).Select(static group => $"{group.Key} is there {group.Count()} times: {string.Join(", ", group.Select(static one => one.Version))}"),
            .. installed.SelectMany(one => Files(environment, one)),
        ];
    }

    private static IEnumerable<string> Files(VirtualEnvironment environment, InstalledDistribution one)
    {
        var record = $"{environment.PackagesFolder}/{one.Information}/RECORD";
        if (!File.Exists(record))
        {
            yield return $"{one.Project} {one.Version} has no RECORD, so nobody can say which files are its own";
            yield break;
        }

        IReadOnlyList<RecordEntry> entries;
        string? unreadable = null;
        try
        {
            entries = RecordEntry.Read(File.ReadAllText(record));
        }
        catch (MayflyException e)
        {
            (entries, unreadable) = ([], e.Message);
        }

        if (unreadable is not null)
            yield return $"the RECORD of {one.Project} {one.Version} cannot be read: {unreadable}";
        foreach (var entry in entries)
        {
            var path = Path.GetFullPath($"{environment.PackagesFolder}/{entry.Path}");
            if (!File.Exists(path))
                yield return $"{one.Project} {one.Version} lacks its file {entry.Path}";
            else if (entry.Hash is { } hash && hash.StartsWith("sha256=", StringComparison.Ordinal) && hash != $"sha256={Base64Url.EncodeToString(SHA256.HashData(File.ReadAllBytes(path)))}")
                yield return $"{entry.Path} of {one.Project} {one.Version} was changed";
        }
    }
}
