using System.Text.RegularExpressions;

namespace Mayfly.Images.Tests;

/// <summary>The tree that Mayfly builds is the one that apt and dpkg build, as mmdebstrap drives them: file by file.</summary>
[Collection("reference")]
public sealed partial class EqualityTests(ReferenceImage reference)
{
    /// <summary>What may differ, and why.</summary>
    private static readonly (string Pattern, string Reason)[] Allowed =
    [
        ("^dev/", "mmdebstrap puts device nodes into its archive; at run time /dev is a tmpfs"),
        ("^etc/(fstab|hostname|resolv.conf)$", "mmdebstrap writes them itself, two of them from the host"),
        (@"^etc/apt/sources\.list\.d/0000", "mmdebstrap writes the sources that it was given"),
        ("^var/(cache/apt/archives|lib/apt/lists)/(partial|lock)$", "apt's own run makes the lock and gives the folder to its user"),
        (@"^var/lib/dpkg/(.*-old|lock|lock-frontend|triggers/Lock)$", "backups and lock files of a run of dpkg"),
        ("^var/cache/debconf/.*-old$", "backups of a run of debconf"),
        ("^var/lib/apt/extended_states$", "the same packages are marked, those of the base apart"),
        (@"^etc/ssl/(private/ssl-cert-snakeoil\.key|certs/ssl-cert-snakeoil\.pem|certs/[0-9a-f]{8}\.0)$", "a key made by chance: taken out"),
        (@"^var/lib/postgresql/15/main/", "a database made by chance: taken out"),
    ];

    [Fact]
    [Trait("needs", "oracle")]
    [Trait("needs", "root")]
    public async Task The_shops_packages_give_the_tree_that_mmdebstrap_makes_and_the_same_digest_again()
    {
        var builder = new ImageBuilder(reference.Store);
        var recipe = new ImageRecipe { Name = "shop", PackageSet = "shop" };
        var image = await builder.BuildAsync(reference.Lock, recipe);
        var tar = Path.Combine(reference.NewFolder(), "ours.tar");
        await new ImageExport(reference.Store).WriteTarAsync(image, tar);

        var (ours, theirs) = (TarTree.Read(tar), TarTree.Read(reference.Tar));
        var differences = new List<string>();
        foreach (var path in ours.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal))
        {
            if (Allowed.Any(entry => Regex.IsMatch(path, entry.Pattern)))
                continue;
            var (our, their) = (Comparable(ours.GetValueOrDefault(path)), Comparable(theirs.GetValueOrDefault(path)));
            if (our != their)
                differences.Add($"{path}: {our} instead of {their}");
        }

        Assert.True(theirs.Count > 20_000, $"only {theirs.Count} names to compare");
        Assert.Empty(differences);

        Directory.Delete(reference.Store.PathOf(Mayfly.Packages.StoreArea.Layers, image.Layers[^1].Key), recursive: true);
        Assert.Equal(image.Digest, (await builder.BuildAsync(reference.Lock, recipe)).Digest);
    }

    /// <summary>shadow(5)'s third field is the day of the build in theirs, of the lock in ours.</summary>
    private static TarFact? Comparable(TarFact? fact) =>
        fact?.Text is { } text ? fact with { Text = DayOfChange().Replace(text, "$1day") } : fact;

    [GeneratedRegex("^([^:]*:[^:]*:)[0-9]+", RegexOptions.Multiline)]
    private static partial Regex DayOfChange();
}
