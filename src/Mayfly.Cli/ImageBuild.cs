using Mayfly.Images;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Cli;

/// <summary>An image of packages alone, as <c>mayfly image build</c> is told: resolved now, from what the mirror has now.</summary>
internal sealed record ImageBuild(string Codename, IReadOnlyList<string> Packages, string? Name, bool KeepFailed = false)
{
    private const string SetName = "image";

    /// <summary>The codename of <c>debian:CODENAME</c> or <c>ubuntu:CODENAME</c>, else null.</summary>
    public static string? CodenameOf(string from) =>
        from.Split(':') is [var distribution, { Length: > 0 } codename] && codename.All(char.IsAsciiLetterLower)
        && ReleaseLayout.All.Any(release => release.Distribution.Name == distribution && (release.Codename == codename || ReleaseLayout.All.All(other => other.Codename != codename))) ? codename : null;

    public async Task<Image> RunAsync(IProgress<Activity> progress, CancellationToken cancellationToken)
    {
        var store = Store.Open();
        using var held = store.LockShared();
        var sources = DebianSources.Discover(Codename, HostArchitecture.Name);
        var index = await IndexFetch.ReadAsync(store, sources, progress, cancellationToken: cancellationToken);
        var locked = DebianLock.Create(index, Packages is [] ? [] : [new SetRequest(SetName, Packages)]);
        await Fetch.AllAsync(store, sources, locked.Packages, progress, releases: locked.Releases, cancellationToken: cancellationToken);
        var recipe = new ImageRecipe
        {
            Name = Name ?? string.Join('-', Packages.Select(package => package.Split('=')[0]).DefaultIfEmpty($"debian-{Codename}")),
            PackageSet = Packages is [] ? null : SetName,
        };
        return await new ImageBuilder(store) { KeepFailed = KeepFailed }.BuildAsync(locked, recipe, progress, cancellationToken);
    }
}
