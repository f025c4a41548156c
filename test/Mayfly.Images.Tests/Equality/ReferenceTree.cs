using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests.Equality;

/// <summary>What mmdebstrap makes of a set, as a folder.</summary>
internal static class ReferenceTree
{
    /// <param name="archive">Where packages come from.</param>
    /// <param name="set">What is installed.</param>
    /// <param name="required">Names of packages that every image of ours has.</param>
    /// <param name="accounts">Options that give it the set's numbers of accounts.</param>
    /// <param name="epoch">The archive's date, in seconds since 1970.</param>
    public static string Make(PackageArchive archive, PackageSet set, IReadOnlyList<string> required, IReadOnlyList<string> accounts, long epoch)
    {
        var tree = $"{archive.Folder}/mmdebstrap/{set.Name}";
        Directory.CreateDirectory($"{archive.Folder}/tmp");
        Directory.CreateDirectory(Path.GetDirectoryName(tree)!);
        Remove(tree);
        var kept = $"{PackageArchive.Kept}/{set.Name}.tar";
        if (File.Exists(kept))
        {
            Directory.CreateDirectory(tree);
            ReferenceImage.Run("tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", kept, "-C", tree);
            return tree;
        }

        // Its variant apt has no packages of priority required, which every image of ours has.
        string[] include = [.. set.Packages, .. set.Apt ? required : []];
        // On a machine of the name that ours are built under: scripts write it into files.
        ReferenceImage.Run("unshare",
        [
            "--uts", "sh", "-c", "hostname localhost && exec \"$@\"", "sh",
            "env", $"TMPDIR={archive.Folder}/tmp", "LC_ALL=C.UTF-8",
            .. set.Dated ? (string[])[$"SOURCE_DATE_EPOCH={epoch}"] : [],
            "mmdebstrap", "--quiet", "--mode=root", $"--variant={(set.Apt ? "apt" : "minbase")}", "--format=directory",
            .. include.Length > 0 ? (string[])[$"--include={string.Join(',', include)}"] : [],
            .. accounts,
            .. set.Foreign.Count > 0 ? (string[])[$"--architectures={string.Join(',', set.Foreign.Prepend(HostArchitecture.Name))}"] : [],
            .. PackageArchive.Kept.Length > 0 ? (string[])[$"--customize-hook=cp \"$1/var/log/dpkg.log\" {PackageArchive.Kept}/{set.Name}.log"] : [],
            .. set.Added.Count > 0 ? (string[])[$"--customize-hook=APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\" apt-get --yes -o DPkg::Chroot-Directory=\"$1\" install {string.Join(' ', set.Added)}"] : [],
            "", tree, .. archive.SourcesFor(set, $"[signed-by={archive.KeyringOf(set)}] copy://"),
        ]);
        if (PackageArchive.Kept.Length > 0)
            ReferenceImage.Run("tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", tree, "-cf", kept, ".");
        return tree;
    }

    public static void Remove(string tree) => ReferenceImage.Run("rm", "-rf", "--one-file-system", tree);
}
