using Mayfly.Images.Dpkg;
using Mayfly.Packages;
using Mayfly.Tests.Shared;

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// The tree that Mayfly builds is the one that apt and dpkg build, as mmdebstrap drives them: every name, and what it is, and dpkg's
/// whole database; and apt and dpkg find nothing wrong with it.
/// </summary>
public abstract class EqualityTests(PackageArchive archive)
{
    private protected async Task CompareAsync(string name)
    {
        var set = PackageSets.All.Single(set => set.Name == name);
        if (set.NeedsUbuntu)
            UbuntuMirror.SkipWithout();
        var contents = await archive.ContentsAsync;
        var stack = contents.Locks[name] with { Ids = set.Ids };
        if (PackageArchive.Kept.Length > 0)
            LockFile.Write($"{PackageArchive.Kept}/{name}.lock", stack);
        using var image = await BuiltImage.MakeAsync(archive, set, stack, GetType().Name);
        var accounts = image.Run(root => ReferenceAccounts.Options($"{archive.Folder}/work/{GetType().Name}.ids", set.Ids, root));
        var reference = ReferenceTree.Make(archive, set, contents.Releases[set.Name].Required, accounts, stack.Releases.Max(static release => release.Date).ToUnixTimeSeconds());
        try
        {
            var (differences, names) = image.Run(root =>
            {
                var (ours, theirs) = (TreeReader.Read(root), TreeReader.Read(reference));
                return (TreeComparison.Differences(ours, theirs, set.Listed), theirs.Count);
            });
            if (PackageArchive.Kept.Length > 0)
                File.WriteAllLines($"{PackageArchive.Kept}/{name}.differences", differences);
            Assert.Empty(set.Ids.Except(image.Run(Accounts)));
            Assert.True(names > 4_000, $"only {names} names to compare");
            Assert.True(differences.Count == 0, $"{differences.Count} differences from what mmdebstrap makes of '{name}':\n{string.Join('\n', differences.Take(60))}");
            image.AssertWorks();
        }
        finally
        {
            ReferenceTree.Remove(reference);
        }
    }

    private static LockedId[] Accounts(string root)
    {
        var accounts = PackageInstall.ReadAccounts(root);
        return [.. accounts.Users.Select(static user => new LockedId(user.Key, LockedIdKind.User, user.Value)), .. accounts.Groups.Select(static group => new LockedId(group.Key, LockedIdKind.Group, group.Value))];
    }

    private protected static TheoryData<string> Names(bool apt) => [.. PackageSets.All.Where(set => set.Apt == apt).Select(static set => set.Name)];
}

/// <summary>Over <c>--variant=minbase</c>.</summary>
public sealed class MinimalEqualityTests(PackageArchive archive) : EqualityTests(archive)
{
    public static TheoryData<string> Sets => Names(apt: false);

    [Theory]
    [MemberData(nameof(Sets))]
    [Trait("needs", "oracle")]
    [Trait("needs", "root")]
    public Task A_set_of_packages_gives_the_tree_that_mmdebstrap_makes(string set) => CompareAsync(set);
}

/// <summary>Over <c>--variant=apt</c>.</summary>
public sealed class AptEqualityTests(PackageArchive archive) : EqualityTests(archive)
{
    public static TheoryData<string> Sets => Names(apt: true);

    [Theory]
    [MemberData(nameof(Sets))]
    [Trait("needs", "oracle")]
    [Trait("needs", "root")]
    public Task A_set_of_packages_gives_the_tree_that_mmdebstrap_makes(string set) => CompareAsync(set);
}
