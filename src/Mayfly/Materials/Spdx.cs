using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Materials;

/// <summary>Writes a bill of materials as SPDX 2.3 in JSON (the last version before 3, and what ISO/IEC 5962 grew into).</summary>
internal static class Spdx
{
    private const string Document = "SPDXRef-DOCUMENT";
    private const string Unknown = "NOASSERTION";

    public static byte[] Write(BillOfMaterials bill) => MaterialsJson.Write(json =>
    {
        var texts = References(bill);
        json.WriteString("spdxVersion", "SPDX-2.3");
        json.WriteString("dataLicense", "CC0-1.0");
        json.WriteString("SPDXID", Document);
        json.WriteString("name", bill.Name);
        // The form that SPDX gives to documents without a web site of their own (2.3, section 6.5).
        json.WriteString("documentNamespace", $"https://spdx.org/spdxdocs/{bill.Name}-{bill.Number}");
        json.WriteStartObject("creationInfo");
        json.WriteString("created", MaterialsJson.Date(bill.Date));
        json.WriteStartArray("creators");
        json.WriteStringValue($"Tool: mayfly-{MaterialsJson.MayflyVersion}");
        json.WriteEndArray();
        json.WriteString("licenseListVersion", "3.28");
        json.WriteEndObject();
        json.WriteStartArray("packages");
        Whole(json, Stack, bill.Name, "APPLICATION");
        foreach (var image in bill.Images)
            Whole(json, Image(image.Name), image.Name, image.StandsAlone ? "OPERATING_SYSTEM" : "CONTAINER");
        foreach (var package in bill.Packages)
            Package(json, package, texts);
        json.WriteEndArray();
        Relationships(json, bill);
        json.WriteStartArray("hasExtractedLicensingInfos");
        foreach (var ((reference, text), name) in texts.OrderBy(static pair => pair.Value, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("licenseId", name);
            json.WriteString("name", reference[LicenceTerm.Reference.Length..]);
            json.WriteString("extractedText", text.Length > 0 ? text : "The copyright file names this licence and does not hold its text.");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private const string Stack = "SPDXRef-Stack";

    private static void Whole(Utf8JsonWriter json, string id, string name, string purpose)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", id);
        json.WriteString("name", name);
        json.WriteString("downloadLocation", Unknown);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseConcluded", Unknown);
        json.WriteString("licenseDeclared", Unknown);
        json.WriteString("copyrightText", Unknown);
        json.WriteString("primaryPackagePurpose", purpose);
        json.WriteEndObject();
    }

    private static void Package(Utf8JsonWriter json, PackageMaterial package, IReadOnlyDictionary<(string, string), string> texts)
    {
        var licences = package.Licences;
        json.WriteStartObject();
        json.WriteString("SPDXID", Id(package.Package.Id));
        json.WriteString("name", package.Package.Name);
        json.WriteString("versionInfo", package.Package.Version);
        if (package.Description.Maintainer.Length > 0)
        {
            var (name, mail) = MaterialsJson.Party(package.Description.Maintainer);
            json.WriteString("supplier", mail is null ? $"Organization: {name}" : $"Organization: {name} ({mail})");
        }

        // The lock names no mirror; the package URL and the hash say which file it is.
        json.WriteString("downloadLocation", Unknown);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteStartArray("checksums");
        json.WriteStartObject();
        json.WriteString("algorithm", "SHA256");
        json.WriteString("checksumValue", package.Package.Sha256);
        json.WriteEndObject();
        json.WriteEndArray();
        if (package.Description.Homepage is { } homepage)
            json.WriteString("homepage", homepage.AbsoluteUri);
        if (package.Description.Source is { } source)
            json.WriteString("sourceInfo", $"built from the Debian source package {source}");
        json.WriteString("licenseConcluded", Unknown);
        json.WriteString("licenseDeclared", licences.Licence?.Write(reference => texts[(reference, TextOf(licences, reference))]) ?? Unknown);
        if (!licences.IsRead)
        {
            json.WriteString("licenseComments",
                $"{(licences.Path is null ? "The package" : $"/{licences.Path}")} {string.Join("; ", licences.Unread)}.{(licences.RefersTo.Count == 0 ? "" : $" It refers to {string.Join(", ", licences.RefersTo)}, which need not be its licence.")}");
        }

        json.WriteString("copyrightText", Unknown);
        if (package.Description.Summary.Length > 0)
            json.WriteString("summary", package.Description.Summary);
        json.WriteStartArray("externalRefs");
        json.WriteStartObject();
        json.WriteString("referenceCategory", "PACKAGE-MANAGER");
        json.WriteString("referenceType", "purl");
        json.WriteString("referenceLocator", package.Url);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Relationships(Utf8JsonWriter json, BillOfMaterials bill)
    {
        json.WriteStartArray("relationships");
        Relate(Document, "DESCRIBES", Stack);
        foreach (var image in bill.Images)
            Relate(Stack, "CONTAINS", Image(image.Name));
        foreach (var image in bill.Images)
        {
            foreach (var other in bill.Images.Where(other => other.StandsAlone && !image.StandsAlone))
                Relate(Image(image.Name), "DESCENDANT_OF", Image(other.Name));
            foreach (var id in image.Packages)
                Relate(Image(image.Name), "CONTAINS", Id(id));
        }

        foreach (var package in bill.Packages)
        {
            foreach (var id in package.Needs)
                Relate(Id(package.Package.Id), "DEPENDS_ON", Id(id));
        }

        json.WriteEndArray();

        void Relate(string from, string kind, string to)
        {
            json.WriteStartObject();
            json.WriteString("spdxElementId", from);
            json.WriteString("relationshipType", kind);
            json.WriteString("relatedSpdxElement", to);
            json.WriteEndObject();
        }
    }

    /// <summary>
    /// Names in a document are for one text each, but packagers call many texts <c>BSD</c>: where that happens the name gets a piece of the text's digest.
    /// </summary>
    private static Dictionary<(string Reference, string Text), string> References(BillOfMaterials bill)
    {
        var names = new Dictionary<(string, string), string>();
        var all = bill.Packages.SelectMany(static package => package.Licences.Texts.Keys.Select(reference => (Reference: reference, Text: TextOf(package.Licences, reference)))).Distinct();
        foreach (var group in all.GroupBy(static pair => pair.Reference, StringComparer.OrdinalIgnoreCase))
        {
            var pairs = group.ToList();
            foreach (var pair in pairs)
                names[pair] = pairs.Count == 1 ? pair.Reference : $"{pair.Reference}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pair.Reference + "\n" + pair.Text)))[..10]}";
        }

        return names;
    }

    private static string TextOf(PackageLicences licences, string reference) => licences.Texts.GetValueOrDefault(reference, "");

    private static string Image(string name) => $"SPDXRef-Image-{name}";

    /// <summary>Letters, digits, full stops and hyphens only; names of packages have no capitals, so nothing is taken for something else.</summary>
    private static string Id(string package) => $"SPDXRef-Package-{package.Replace("+", "PLUS", StringComparison.Ordinal).Replace(':', '-')}";
}
