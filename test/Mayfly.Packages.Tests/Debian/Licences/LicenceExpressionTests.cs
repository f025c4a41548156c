using CsCheck;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Tests.Debian.Licences;

public sealed class LicenceExpressionTests
{
    private const string Expat = """
        Permission is hereby granted, free of charge, to any person obtaining
        a copy of this software and associated documentation files (the "Software"), to deal
        The above copyright notice and this permission notice shall be included in
        all copies or substantial portions of the Software.
        """;

    // Debian's names after the format's section 7.1; SPDX identifiers after the list 3.28.
    [Theory]
    [InlineData("Expat", "MIT")]
    [InlineData("expat", "MIT")]
    [InlineData("GPL-1", "GPL-1.0-only")]
    [InlineData("GPL-2+", "GPL-2.0-or-later")]
    [InlineData("GPL-2.0+", "GPL-2.0-or-later")]
    [InlineData("gpl-3.0.0", "GPL-3.0-only")]
    [InlineData("GPL-2.0-or-later", "GPL-2.0-or-later")]
    [InlineData("LGPL-2.1+", "LGPL-2.1-or-later")]
    [InlineData("LGPL-2", "LGPL-2.0-only")]
    [InlineData("AGPL-3", "AGPL-3.0-only")]
    [InlineData("GFDL-1.3", "GFDL-1.3-only")]
    [InlineData("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later")]
    [InlineData("BSD-3-clause", "BSD-3-Clause")]
    [InlineData("Apache-2", "Apache-2.0")]
    [InlineData("MPL-1.1+", "MPL-1.1+")]
    [InlineData("Artistic-2", "Artistic-2.0")]
    [InlineData("CC0", "CC0-1.0")]
    [InlineData("CC-BY-SA-3.0", "CC-BY-SA-3.0")]
    [InlineData("zlib", "Zlib")]
    [InlineData("Zope-2.1", "ZPL-2.1")]
    // What is not certain stays a reference: no version, no such version, a name of several texts, a name that the packager made up.
    [InlineData("GPL", "LicenseRef-GPL")]
    [InlineData("GPL-4", "LicenseRef-GPL-4")]
    [InlineData("MIT", "LicenseRef-MIT")]
    [InlineData("BSD", "LicenseRef-BSD")]
    [InlineData("Artistic", "LicenseRef-Artistic")]
    [InlineData("public-domain", "LicenseRef-public-domain")]
    [InlineData("GPL-2+~mine/or so", "LicenseRef-GPL-2-or-later-mine-or-so")]
    [InlineData("BSD-3-clause-author", "LicenseRef-BSD-3-clause-author")]
    [InlineData("!?", "LicenseRef-unnamed")]
    // Exceptions.
    [InlineData("GPL-2+ with Font exception", "GPL-2.0-or-later WITH Font-exception-2.0")]
    [InlineData("GPL-2 with Classpath exception", "GPL-2.0-only WITH Classpath-exception-2.0")]
    [InlineData("Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception")]
    [InlineData("GPL-3+ WITH GCC-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1")]
    [InlineData("GPL-2+ with OpenSSL exception", "LicenseRef-GPL-2-or-later-with-OpenSSL-exception")]
    // `and` binds closer than `or` unless a comma comes before it.
    [InlineData("GPL-1+ or Artistic", "GPL-1.0-or-later OR LicenseRef-Artistic")]
    [InlineData("GPL-2+ or Artistic-2.0, and BSD-3-clause", "(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause")]
    [InlineData("GPL-2+ or Artistic-2.0 and BSD-3-clause", "GPL-2.0-or-later OR (Artistic-2.0 AND BSD-3-Clause)")]
    [InlineData("(GPL-2+ OR Expat) AND ISC", "(GPL-2.0-or-later OR MIT) AND ISC")]
    [InlineData("GPL-2+ with Font exception or ISC", "GPL-2.0-or-later WITH Font-exception-2.0 OR ISC")]
    [InlineData("ISC and ISC", "ISC")]
    // The format gives these no meaning.
    [InlineData("GPL-2+, Expat", "LicenseRef-GPL-2-or-later-Expat")]
    [InlineData("GPL-2 and/or Expat", "LicenseRef-GPL-2-and-or-Expat")]
    [InlineData("ISC, and Expat, or Zlib", "LicenseRef-ISC-and-Expat-or-Zlib")]
    [InlineData("or ISC", "LicenseRef-or-ISC")]
    [InlineData("(ISC", "LicenseRef-ISC")]
    public void Short_names_become_SPDX_where_that_is_certain(string debian, string spdx)
    {
        var expression = LicenceExpression.Parse(debian);
        Assert.Equal(spdx, expression.Spdx);
        Assert.Equal(debian, expression.Text);
    }

    [Fact]
    public void What_MIT_means_is_in_its_text()
    {
        Assert.Equal("MIT", LicenceExpression.Parse("MIT", static _ => Expat).Spdx);
        Assert.Equal("LicenseRef-MIT", LicenceExpression.Parse("MIT", static _ => Expat + "\nExcept as contained in this notice, the name shall not be used in advertising").Spdx);
    }

    [Fact]
    public void What_is_unclear_names_its_licences_nevertheless()
    {
        var expression = LicenceExpression.Parse("AGPL-3, Expat or ISC and/or Zlib");
        Assert.Equal(LicenceExpressionKind.Unclear, expression.Kind);
        Assert.Equal(["AGPL-3.0-only", "MIT", "ISC", "Zlib"], expression.Terms.Select(static term => term.Spdx));
    }

    [Fact]
    public void An_exception_leaves_the_licence_known()
    {
        Assert.Equal("GPL-2.0-or-later", Assert.Single(LicenceExpression.Parse("GPL-2+ with OpenSSL exception").Terms).Base);
        Assert.Equal("GPL-3.0-or-later", Assert.Single(LicenceExpression.Parse("GPL-3+-WITH-BISON-EXCEPTION").Terms).Base);
    }

    [Fact]
    public void Whatever_is_written_there_gives_an_expression_that_SPDX_allows()
    {
        string[] words = ["and", "or", "with", ",", "(", ")", "and/or", "exception", "GPL-2+", "MIT", "Apache-2.0", "+", "-", "\u00e9", "Licence"];
        var word = Gen.OneOf(Gen.Int[0, words.Length - 1].Select(at => words[at]), Gen.Char.Array[0, 12].Select(static letters => new string(letters)));
        word.Array[0, 30].Select(static words => string.Join(' ', words)).Sample(static text => Assert.Matches(
            @"^\(*[A-Za-z0-9.-]+\+?(?: WITH [A-Za-z0-9.-]+)?\)*(?: (?:AND|OR) \(*[A-Za-z0-9.-]+\+?(?: WITH [A-Za-z0-9.-]+)?\)*)*$", LicenceExpression.Parse(text).Spdx), seed: "0000KTxyKFp2", iter: 5000);
    }

    [Fact]
    public void A_thousand_brackets_are_refused_before_the_stack_ends() =>
        Assert.Equal(LicenceExpressionKind.Unclear, LicenceExpression.Parse(new string('(', 100_000) + "ISC" + new string(')', 100_000)).Kind);
}
