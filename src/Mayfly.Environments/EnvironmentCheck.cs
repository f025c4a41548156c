using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>What is wrong in an environment.</summary>
public static partial class EnvironmentCheck
{
    /// <summary>A sentence each, without a full stop; none when all is well.</summary>
    public static IReadOnlyList<string> Of(VirtualEnvironment environment)
    {
        var (installed, links) = (environment.Installed(), LinkSetting.Of(environment.Root) == LinkMode.Hardlink);
        return
        [
            .. environment.Loss is { } loss ? [loss.Refusal.Message] : Array.Empty<string>(), .. Moved(environment), .. EnvironmentRecord.Read(environment.Root)?.Changes(installed, environment.PackagesFolder).Select(static change => $"{change} since mayfly left it") ?? [],
            // What fits together is a question of markers, and so of the interpreter.
            .. environment.Loss is null ? EnvironmentPlan.Conflicts(installed, environment.Interpreter.Target) : [],
            .. installed.GroupBy(static one => one.Project).Where(static group => group.Count() > 1).Select(static group => $"{group.Key} is there {group.Count()} times: {string.Join(", ", group.Select(static one => one.Version))}"),
            .. installed.SelectMany(one => Files(environment, one, links)),
        ];
    }

    /// <summary>Programs that begin with the interpreter of an environment elsewhere: this one was moved, or copied by hand.</summary>
    private static IEnumerable<string> Moved(VirtualEnvironment environment)
    {
        foreach (var group in (Directory.Exists($"{environment.Root}/bin") ? Directory.GetFiles($"{environment.Root}/bin") : []).Where(static path => Nodes.Read(path).Kind == NodeKind.File).GroupBy(HomeOf).Where(group => group.Key is { } home && IsElsewhere(home, environment.Root)))
        {
            string[] names = [.. group.Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
            yield return $"{string.Join(", ", names.Take(3))}{(names.Length > 3 ? $" and {names.Length - 3} more" : "")} in {environment.Root}/bin begin{(names.Length == 1 ? "s" : "")} with {group.Key}/bin/python: the environment was moved, or copied by other means than mayfly env copy";
        }
    }

    /// <summary>The environment itself may be reached by a link, and a program may be meant for an interpreter that is no environment's.</summary>
    private static bool IsElsewhere(string home, string root) => home != root && (!Path.Exists($"{home}/bin/python") || (Nodes.Find($"{home}/pyvenv.cfg") is { } other && other.Inode != Nodes.Read($"{root}/pyvenv.cfg").Inode));

    /// <summary>The environment whose interpreter a program names in its first lines, also where the path is too long for one line; null for none.</summary>
    private static string? HomeOf(string program)
    {
        Span<byte> begin = stackalloc byte[1024];
        using var file = File.OpenHandle(program);
        var text = Encoding.UTF8.GetString(begin[..RandomAccess.Read(file, begin, 0)]);
        return InterpreterOfEnvironment().Match(text) is { Success: true } match ? match.Groups[1].Value : null;
    }

    [GeneratedRegex(@"\A#!(?:/bin/sh\n.{3}exec. )?""?(/[^\n""]*)/bin/python[0-9.]*""?(?: |\n)")]
    private static partial Regex InterpreterOfEnvironment();

    private static IEnumerable<string> Files(VirtualEnvironment environment, InstalledDistribution one, bool links)
    {
        // That nothing says which files such a one has is its way, and no fault.
        if (one.IsLegacy)
            yield break;
        if (one.RecordFault is { } fault)
        {
            yield return $"{one.Project} {one.Version} {fault}, so nobody can say which files are its own";
            yield break;
        }

        foreach (var entry in one.Entries)
        {
            // Whoever wrote it may name anything: a device has no end, and a pipe waits for somebody.
            var path = entry.Path.Contains('\0', StringComparison.Ordinal) ? null : Path.GetFullPath($"{environment.PackagesFolder}/{entry.Path}");
            var isThere = path is not null && File.Exists(path) && Nodes.Find(new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path) is { Kind: NodeKind.File };
            // Byte code comes and goes: it is made anew from what is beside it.
            if (!isThere && entry.Hash is null or "" && entry.Path.EndsWith(".pyc", StringComparison.Ordinal))
                continue;
            if (!isThere)
                yield return $"{one.Project} {one.Version} lacks its file {entry.Path}";
            else if (entry.Hash is { } hash && hash.StartsWith("sha256=", StringComparison.Ordinal) && hash != HashOf(path!))
                yield return $"{entry.Path} of {one.Project} {one.Version} was changed{(links && Nodes.Read(path!) is { Links: > 1 } ? " in place, and so in every environment that shares it" : "")}";
            else if (links && entry.Hash is not null && Nodes.Read(path!) is { Links: > 1 } node && !LinkSetting.IsShared(node))
                yield return $"{entry.Path} of {one.Project} {one.Version} may be written, which would change every environment that shares it";
        }
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return RecordEntry.HashOf(file);
    }
}
