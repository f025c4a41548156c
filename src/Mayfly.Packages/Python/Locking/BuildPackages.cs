using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Python.Locking;

/// <summary>The Debian packages in which an image's sources are built.</summary>
public static class BuildPackages
{
    /// <summary>SHA-256 of a locked set's packages with the base below: another compiler, header or library gives another wheel.</summary>
    public static string DigestOf(StackLock stack, string set)
    {
        var lines = Of(stack, set).Select(static package => $"{package.Id} {package.Version} {package.Sha256}\n").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    /// <summary>Those of a locked set, with the base below it.</summary>
    internal static IEnumerable<LockedPackage> Of(StackLock stack, string set)
    {
        var ids = stack.Sets.Where(one => one.Name == set || one.Name == SetRequest.Base).SelectMany(static one => one.Stages).SelectMany(static stage => stage.Packages).ToHashSet(StringComparer.Ordinal);
        return stack.Packages.Where(package => ids.Contains(package.Id));
    }
}
