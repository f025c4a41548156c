using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>What an unpacked package says of itself to people.</summary>
/// <param name="Maintainer">As its control file has it: <c>Name &lt;mail&gt;</c>; empty when it names none.</param>
/// <param name="Summary">The first line of its description.</param>
/// <param name="Homepage">An address of http or https, or null.</param>
/// <param name="Source">The source package's name, when it is another than the package's own.</param>
public sealed record PackageDescription(string Maintainer, string Summary, Uri? Homepage, string? Source)
{
    /// <exception cref="MayflyException">Its control file is malformed.</exception>
    public static PackageDescription Read(UnpackedPackage package)
    {
        string maintainer = "", summary = "";
        Uri? homepage = null;
        string? source = null;
        var fields = new ControlFields(Encoding.UTF8.GetBytes(package.ReadControl("control") ?? ""));
        try
        {
            while (fields.MoveNext())
            {
                var value = Encoding.UTF8.GetString(fields.Value).Split('\n')[0].Trim();
                if (fields.Is("Maintainer"u8))
                    maintainer = value;
                else if (fields.Is("Description"u8))
                    summary = value;
                else if (fields.Is("Source"u8))
                    source = value.Split(' ')[0];
                else if (fields.Is("Homepage"u8) && Uri.TryCreate(value, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https"))
                    homepage = address;
            }
        }
        catch (FormatException e)
        {
            throw new MayflyException($"the control file of {package.Folder} is malformed: {e.Message}", "tell the package's maintainer", e);
        }

        return new PackageDescription(maintainer, summary, homepage, source);
    }
}
