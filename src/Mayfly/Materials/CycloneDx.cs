using System.Text.Json;

namespace Mayfly.Materials;

/// <summary>Writes a bill of materials as CycloneDX 1.6 in JSON (ECMA-424).</summary>
internal static class CycloneDx
{
    public static byte[] Write(BillOfMaterials bill) => MaterialsJson.Write(json =>
    {
        json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", "1.6");
        json.WriteString("serialNumber", $"urn:uuid:{bill.Number}");
        json.WriteNumber("version", 1);
        Metadata(json, bill);
        json.WriteStartArray("components");
        foreach (var image in bill.Images)
            Image(json, image);
        foreach (var package in bill.Packages)
            Package(json, package);
        json.WriteEndArray();
        Dependencies(json, bill);
        Compositions(json, bill);
    });

    private static void Metadata(Utf8JsonWriter json, BillOfMaterials bill)
    {
        json.WriteStartObject("metadata");
        json.WriteString("timestamp", MaterialsJson.Date(bill.Date));
        json.WriteStartObject("tools");
        json.WriteStartArray("components");
        json.WriteStartObject();
        json.WriteString("type", "application");
        json.WriteString("name", "mayfly");
        json.WriteString("version", MaterialsJson.MayflyVersion);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("component");
        json.WriteString("type", "application");
        json.WriteString("bom-ref", Stack(bill));
        json.WriteString("name", bill.Name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Image(Utf8JsonWriter json, ImageMaterial image)
    {
        json.WriteStartObject();
        json.WriteString("type", image.StandsAlone ? "operating-system" : "container");
        json.WriteString("bom-ref", Image(image.Name));
        json.WriteString("name", image.Name);
        json.WriteEndObject();
    }

    private static void Package(Utf8JsonWriter json, PackageMaterial package)
    {
        json.WriteStartObject();
        json.WriteString("type", "library");
        json.WriteString("bom-ref", package.Url);
        if (package.Description.Maintainer.Length > 0)
        {
            var (name, mail) = MaterialsJson.Party(package.Description.Maintainer);
            json.WriteStartObject("supplier");
            json.WriteString("name", name);
            if (mail is not null)
            {
                json.WriteStartArray("contact");
                json.WriteStartObject();
                json.WriteString("email", mail);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteString("name", package.Package.Name);
        json.WriteString("version", package.Package.Version);
        if (package.Description.Summary.Length > 0)
            json.WriteString("description", package.Description.Summary);
        json.WriteStartArray("hashes");
        json.WriteStartObject();
        json.WriteString("alg", "SHA-256");
        json.WriteString("content", package.Package.Sha256);
        json.WriteEndObject();
        json.WriteEndArray();
        Licences(json, package);
        json.WriteString("purl", package.Url);
        if (package.Description.Homepage is { } homepage)
        {
            json.WriteStartArray("externalReferences");
            json.WriteStartObject();
            json.WriteString("url", homepage.AbsoluteUri);
            json.WriteString("type", "website");
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteStartArray("properties");
        foreach (var image in package.Images)
            Property(json, "mayfly:image", image);
        if (package.Description.Source is { } source)
            Property(json, "mayfly:source", source);
        foreach (var unread in package.Licences.Unread)
            Property(json, "mayfly:licence:unread", unread);
        foreach (var name in package.Licences.RefersTo)
            Property(json, "mayfly:licence:refers-to", name);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What the package's copyright file declares of its whole source; nothing for what cannot be read.</summary>
    private static void Licences(Utf8JsonWriter json, PackageMaterial package)
    {
        if (package.Licences.Licence is not { } licence)
            return;
        json.WriteStartArray("licenses");
        json.WriteStartObject();
        if (licence.Term is { IsCertain: true } term && !term.Spdx.Contains(' ') && !term.Spdx.EndsWith('+'))
        {
            json.WriteStartObject("license");
            json.WriteString("id", term.Spdx);
            json.WriteString("acknowledgement", "declared");
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("expression", licence.Spdx);
            json.WriteString("acknowledgement", "declared");
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Dependencies(Utf8JsonWriter json, BillOfMaterials bill)
    {
        var urls = bill.Packages.ToDictionary(static package => package.Package.Id, static package => package.Url, StringComparer.Ordinal);
        json.WriteStartArray("dependencies");
        Dependency(json, Stack(bill), bill.Images.Select(static image => Image(image.Name)));
        foreach (var image in bill.Images)
            Dependency(json, Image(image.Name), (image.StandsAlone ? [] : bill.Images.Where(static other => other.StandsAlone).Select(static other => Image(other.Name))).Concat(image.Asked.Select(id => urls[id])));
        foreach (var package in bill.Packages)
            Dependency(json, package.Url, package.Needs.Select(id => urls[id]));
        json.WriteEndArray();
    }

    private static void Dependency(Utf8JsonWriter json, string of, IEnumerable<string> on)
    {
        json.WriteStartObject();
        json.WriteString("ref", of);
        json.WriteStartArray("dependsOn");
        foreach (var other in on)
            json.WriteStringValue(other);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>An image is complete with its packages: nothing else of Debian is in it.</summary>
    private static void Compositions(Utf8JsonWriter json, BillOfMaterials bill)
    {
        json.WriteStartArray("compositions");
        foreach (var image in bill.Images)
        {
            json.WriteStartObject();
            json.WriteString("bom-ref", $"composition:{image.Name}");
            json.WriteString("aggregate", "complete");
            json.WriteStartArray("assemblies");
            json.WriteStringValue(Image(image.Name));
            json.WriteEndArray();
            json.WriteStartArray("dependencies");
            foreach (var package in bill.Packages.Where(package => package.Images.Contains(image.Name)))
                json.WriteStringValue(package.Url);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Property(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static string Stack(BillOfMaterials bill) => $"stack:{bill.Name}";

    private static string Image(string name) => $"image:{name}";
}
