using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Materials;

/// <summary>
/// Package URLs of Debian packages, as the purl specification writes them (type <c>deb</c>):
/// <c>pkg:deb/debian/nginx@1.22.1-9?arch=amd64&amp;distro=debian-12</c>.
/// </summary>
internal static class PackageUrl
{
    public static string Of(LockedPackage package, LockedRelease release)
    {
        // Suites such as bookworm-security belong to their release.
        var codename = release.Codename.Split('-')[0];
        var layout = ReleaseLayout.All.FirstOrDefault(layout => layout.Codename == codename && layout.Distribution.Origin == release.Origin);
        var vendor = layout?.Distribution.Name ?? release.Origin.ToLowerInvariant();
        return $"pkg:deb/{Escape(vendor)}/{Escape(package.Name)}@{Escape(package.Version)}?arch={Escape(package.Architecture)}&distro={Escape(layout is null ? codename : $"{vendor}-{layout.Version}")}";
    }

    /// <summary>Of a wheel (type <c>pypi</c>): <c>pkg:pypi/django@4.2</c>.</summary>
    public static string OfWheel(LockedPackage wheel) => $"pkg:pypi/{Escape(wheel.Name)}@{Escape(wheel.Version)}?file_name={Escape(wheel.Path)}";

    /// <summary>Everything but letters, digits and <c>. - _ ~ :</c> is percent-encoded.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || (char)value is '.' or '-' or '_' or '~' or ':')
                escaped.Append((char)value);
            else
                escaped.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return escaped.ToString();
    }
}
