using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mayfly.Packages;

/// <summary>Writes and reads <c>stack.lock</c>.</summary>
/// <remarks>
/// What it keeps: a <see cref="StackLock"/> as TOML, one package a line, so that a change of version is a change of one line.
/// How it changes: written whole to a file beside it, which names its process, and renamed over it; the next writer removes what a killed one
/// left. The same lock gives the same bytes. What is read is
/// checked as if it came from a stranger (it may have: a clone of a repository), because names and paths of it become names of files.
/// Why not JSON: a merge leaves commas wrong, and people do read and merge these files.
/// </remarks>
public static class LockFile
{
    /// <summary>The name that a stack's lock has beside its <c>stack.cs</c>.</summary>
    public const string Name = "stack.lock";

    /// <summary>A lock of all that Debian has would be half as large.</summary>
    private const long Largest = 32 << 20;

    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-~:%=@,^()");

    /// <summary>The lock at a path, or null when there is none.</summary>
    public static StackLock? Read(string path)
    {
        string text;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > Largest })
                throw new LockFileException($"{path} is larger than {Largest >> 20} MiB", $"no lock is: {Remedy(Name)}");
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LockFileException($"{path} cannot be read: {e.Message}", inner: e);
        }

        return Parse(text, Path.GetFileName(path));
    }

    /// <summary>Writes the lock by way of a file beside it, so that a reader sees the old one or the new one.</summary>
    public static void Write(string path, StackLock stackLock)
    {
        var text = Format(stackLock);
        // What could not be read back would stand in the way of every later command.
        Parse(text, Path.GetFileName(path));
        var bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            WholeFile.Write(path, file => file.Write(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LockFileException($"{path} cannot be written: {HostRefusal.Why(e)}", "mind the folder's rights and the disk's room", e);
        }
    }

    /// <summary>The lock as text, deterministic byte for byte.</summary>
    public static string Format(StackLock stackLock)
    {
        var text = new StringBuilder();
        text.Append("# Every package of this stack, exact. Mayfly writes this file; keep it under version control.\n");
        text.Append(CultureInfo.InvariantCulture, $"format = {stackLock.Format}\narchitecture = {Quote(stackLock.Architecture)}\n");
        if (stackLock.Preferences.Count > 0)
            text.Append("preferences = [\n").AppendJoin("", stackLock.Preferences.Select(line => $"  {Quote(line)},\n")).Append("]\n");
        text.Append("\n[releases]\n").Append(WriteReleases(stackLock.Releases));
        text.Append("\n[packages]\n");
        foreach (var package in stackLock.Packages.OrderBy(package => package.Id, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{Quote(package.Id)} = {{ version = {Quote(package.Version)}, release = {Quote(package.Release)}, size = {package.Size}, sha256 = {Quote(package.Sha256)}, path = {Quote(package.Path)} }}\n");
        }

        foreach (var set in stackLock.Sets)
        {
            text.Append("\n[[sets]]\nname = ").Append(Quote(set.Name));
            text.Append("\nrequests = ").Append(List(set.Requests));
            text.Append("\nrecommends = ").Append(set.Recommends ? "true" : "false");
            if (set.InOneGo)
                text.Append("\nin_one_go = true");
            if (set.Automatic is { } automatic)
                text.Append("\nautomatic = ").Append(List(automatic));
            if (set.Departures.Count > 0)
                text.Append("\ndepartures = [\n").AppendJoin("", set.Departures.Select(line => $"  {Quote(line)},\n")).Append(']');
            text.Append("\nstages = [\n");
            foreach (var stage in set.Stages)
            {
                text.Append("  [\n");
                if (stage.AddedTo is { } before)
                    text.Append("    ").Append(Quote(AddedTo + string.Join(' ', before))).Append(",\n");
                if (stage.Date is { } date)
                    text.Append("    ").Append(Quote(Dated + Time(date))).Append(",\n");
                foreach (var package in stage.Packages)
                    text.Append("    ").Append(Quote(package)).Append(",\n");
                foreach (var package in stage.Configured)
                    text.Append("    ").Append(Quote(Configure + package)).Append(",\n");
                text.Append("  ],\n");
            }

            text.Append("]\n");
        }

        foreach (var environment in stackLock.Environments)
            text.Append(Environment(environment));

        if (stackLock.Ids.Count > 0)
        {
            // In the order of appending: a new name never changes the lines before it.
            text.Append("\n[ids]\n");
            foreach (var id in stackLock.Ids)
                text.Append(CultureInfo.InvariantCulture, $"{(id.Kind == LockedIdKind.User ? "user" : "group")}.{Quote(id.Name)} = {id.Id}\n");
        }

        return text.ToString();
    }

    /// <summary>One wheel a line, as with packages.</summary>
    private static string Environment(LockedEnvironment environment)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\n[[environments]]\nset = {Quote(environment.Set)}\ninto = {Quote(environment.Into)}\ninterpreter = {Quote(environment.Interpreter)}\nanswers = {Quote(environment.Answers)}\n");
        text.Append(CultureInfo.InvariantCulture, $"requests = {List(environment.Requests)}\nwheels = [\n");
        foreach (var wheel in environment.Wheels)
            text.Append($"  {Wheel(wheel)},\n");
        return text.Append("]\n").ToString();
    }

    private static string Wheel(LockedWheel wheel)
    {
        var needs = wheel.Needs.Count > 0 ? $", needs = {List(wheel.Needs)}" : "";
        var metadata = wheel.Metadata is { } read ? $", metadata = {Quote(read)}" : "";
        var place = wheel.From is { } named ? $", from = {Quote(named)}" : "";
        var source = wheel.Source is not { } from ? ""
            : string.Create(CultureInfo.InvariantCulture, $", source = {{ file = {Quote(from.File)}, size = {from.Size}, sha256 = {Quote(from.Sha256)}{(from.Commit is { } commit ? $", commit = {Quote(commit)}" : "")}{(from.Tag is { } tag ? $", tag = {Quote(tag)}" : "")}{(from.Subdirectory is { } inside ? $", subdirectory = {Quote(inside)}" : "")}, packages = {Quote(from.Packages)}, with = [{string.Join(", ", from.With.Select(Wheel))}] }}");
        return string.Create(CultureInfo.InvariantCulture, $"{{ file = {Quote(wheel.File)}, index = {Quote(wheel.Index)}{place}, size = {wheel.Size}, sha256 = {Quote(wheel.Sha256)}{needs}{metadata}{source} }}");
    }

    /// <summary>What stands before a package that a stage configures.</summary>
    internal const string Configure = "configure ";

    /// <summary>What stands before the requests that a stage, and those after it, were added to.</summary>
    internal const string AddedTo = "added to ";

    /// <summary>What stands before the date of a stage and those after it in its layer.</summary>
    internal const string Dated = "dated ";

    /// <summary>Reads and checks a lock.</summary>
    /// <param name="text">The file's contents.</param>
    /// <param name="name">What errors call the file.</param>
    public static StackLock Parse(string text, string name = Name)
    {
        try
        {
            return LockReader.Read(new LockText(text).Read());
        }
        catch (LockFileException e)
        {
            throw new LockFileException($"{name} {e.Message}",
                e.Hint ?? Remedy(name), e);
        }
    }

    /// <summary>The table of ids must outlive the rest: by its numbers the data on volumes is owned.</summary>
    private static string Remedy(string name) =>
        $"restore {name} from version control; or remove all of it but format, architecture and the table [ids], whose numbers own the data on volumes, and run `mayfly lock` to choose packages anew";

    /// <summary>True for a path that stays below the root it is joined to, whatever that is.</summary>
    public static bool IsPoolPath(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path.Length > 1024 || path.ContainsAnyExcept(PathCharacters))
            return false;
        foreach (var part in path.Split('/'))
        {
            if (path[part] is "" or "." or "..")
                return false;
        }

        return true;
    }

    internal static bool IsSha256(ReadOnlySpan<char> text) => text.Length == 64 && !text.ContainsAnyExcept(LowerHex);

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    internal static string WriteReleases(IEnumerable<LockedRelease> releases)
    {
        var text = new StringBuilder();
        foreach (var release in releases)
        {
            var snapshot = release.Snapshot is { } day ? $"snapshot = {Quote(Time(day))}, " : "";
            text.Append(CultureInfo.InvariantCulture,
                $"{Quote(release.Id)} = {{ origin = {Quote(release.Origin)}, label = {Quote(release.Label)}, suite = {Quote(release.Suite)}, codename = {Quote(release.Codename)}, date = {Quote(Time(release.Date))}, {snapshot}components = {List(release.Components)}, digest = {Quote(release.Digest)} }}\n");
        }

        return text.ToString();
    }

    internal static IReadOnlyList<LockedRelease> ReadReleases(string text) =>
        LockReader.ReadReleases(new LockText(text).Read()[0].Value);

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items.Select(Quote))}]";

    internal static string Quote(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' or '\\' => text.Append('\\').Append(c),
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                < ' ' or '\u007f' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }
}
