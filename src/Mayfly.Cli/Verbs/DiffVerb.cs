using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Terminal;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly diff A B</c>: what differs between two locks, or between two images.</summary>
internal static class DiffVerb
{
    public static Command Create()
    {
        var before = new Argument<string>("BEFORE") { Description = "A stack's folder, a stack.lock, or an image of the store" };
        var after = new Argument<string>("AFTER") { Description = "Another of the same kind" };
        var json = new Option<bool>("--json") { Description = "For programs: one object" };
        var command = new Command("diff", "Compare two locks or two images") { before, after, json };
        command.SetAction((result, cancellationToken) =>
        {
            var (one, other) = (result.GetValue(before)!, result.GetValue(after)!);
            var difference = (FindLock(one), FindLock(other)) switch
            {
                ({ } old, { } now) => CompareLocks(old, now),
                (null, null) => CompareImages(one, other, cancellationToken),
                (null, _) => throw new MayflyException($"{one} is no lock, and {other} is one", "name two folders or locks, or two images"),
                (_, null) => throw new MayflyException($"{other} is no lock, and {one} is one", "name two folders or locks, or two images"),
            };
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(difference, DiffVerbJson.Default.Difference));
            else
                Show(difference, output);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    /// <summary>The lock that this names; null when it names none, and so must be an image.</summary>
    private static StackLock? FindLock(string name)
    {
        var path = NamedLock.PathOf(name);
        return LockFile.Read(path) ?? (path == name ? null : throw NamedLock.Missing(name));
    }

    private static Difference CompareLocks(StackLock old, StackLock now) => new(
        [.. LockChange.Between(old, now).Select(static change => new PackageDifference(change.Id, change.Before?.Version, change.After?.Version))],
        [],
        [
            .. old.Releases.Concat(now.Releases).Select(static release => release.Id).Distinct()
                .Select(id => new ReleaseDifference(id, DateOf(old, id), DateOf(now, id))).Where(static release => release.Before != release.After),
        ],
        LockFile.Format(old) != LockFile.Format(now));

    private static DateTimeOffset? DateOf(StackLock stackLock, string release) => stackLock.Releases.FirstOrDefault(other => other.Id == release)?.Date;

    private static Difference CompareImages(string one, string other, CancellationToken cancellationToken)
    {
        var store = Store.Open();
        using var held = store.LockShared(new PlainProgress(Console.Error), cancellationToken);
        var images = new ImageStore(store);
        var difference = ImageDifference.Between(store, images.Get(one), images.Get(other), cancellationToken);
        return new Difference(difference.Packages, difference.Names, [], Others: false);
    }

    private static void Show(Difference difference, TextWriter output)
    {
        foreach (var release in difference.Releases)
        {
            output.WriteLine(release switch
            {
                { Before: null } => $"+ {release.Release} of {release.After:u}",
                { After: null } => $"- {release.Release} of {release.Before:u}",
                _ => $"~ {release.Release} of {release.Before:u} → {release.After:u}",
            });
        }

        foreach (var package in difference.Packages)
        {
            output.WriteLine(package switch
            {
                { Before: null } => $"+ {package.Package} {package.After}",
                { After: null } => $"- {package.Package} {package.Before}",
                _ when package.Before == package.After => $"~ {package.Package} {package.After}, built anew",
                _ => $"~ {package.Package} {package.Before} → {package.After}",
            });
        }

        foreach (var name in difference.Names)
        {
            output.WriteLine(name.What switch
            {
                "added" => $"+ {name.Path}",
                "removed" => $"- {name.Path}",
                _ => $"~ {name.Path} ({name.What})",
            });
        }

        if (difference is { Packages: [], Names: [], Releases: [] })
            output.WriteLine(difference.Others ? "the same packages of the same days; something else differs: what is asked for, the order of installing, the ids of accounts, or where packages come from" : "no difference");
    }
}

/// <param name="Names">What differs in the trees of two images.</param>
/// <param name="Releases">Suites of two locks.</param>
/// <param name="Others">Whether two locks differ at all.</param>
internal sealed record Difference(IReadOnlyList<PackageDifference> Packages, IReadOnlyList<NameDifference> Names, IReadOnlyList<ReleaseDifference> Releases, bool Others);

/// <summary>A suite that two locks were made from.</summary>
/// <param name="Before">The date of its Release file; null where only the other lock has it.</param>
internal sealed record ReleaseDifference(string Release, DateTimeOffset? Before, DateTimeOffset? After);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Difference))]
internal sealed partial class DiffVerbJson : JsonSerializerContext;
