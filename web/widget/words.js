/**
 * The words of two lists of BIP-39 (https://github.com/bitcoin/bips/tree/master/bip-0039, MIT), packed: of the English
 * ones the first four letters, by which each is known, and of both
 * Chinese lists the distances between the code points of all characters.
 */

const PACKED =
  "aban,il,le,ou,ov,se,so,st,su,us acce,ci,co,cu,hi,id,ou,qu,ro,t,ti,to,tr,tu adap,d,di,dr,ju,mi,ul,va,vi aero af" +
  "fa,fo,ra agai,e,en,re ahea aim,r,rp,sl alar,bu,co,er,ie,l,le,lo,mo,on,ph,re,so,te,wa amat,az,on,ou,us anal,ch," +
  "ci,ge,gl,gr,im,kl,no,nu,ot,sw,te,ti,xi,y apar,ol,pe,pl,pr,ri arch,ct,ea,en,gu,m,me,mo,my,ou,ra,re,ri,ro,t,te,t" +
  "i,tw ask,pe,sa,se,si,su,th athl,om,ta,te,ti,tr auct,di,gu,nt,th,to,tu aver,oc,oi awak,ar,ay,es,fu,kw axis baby" +
  ",ch,co,dg,g,la,lc,ll,mb,na,nn,r,re,rg,rr,se,si,sk,tt beac,an,au,ca,co,ef,fo,gi,ha,hi,li,lo,lt,nc,ne,st,tr,tt,t" +
  "w,yo bicy,d,ke,nd,ol,rd,rt,tt blac,ad,am,an,as,ea,es,in,oo,os,ou,ue,ur,us boar,at,dy,il,mb,ne,nu,ok,os,rd,ri,r" +
  "r,ss,tt,un,x,y brac,ai,an,as,av,ea,ee,ic,id,ie,ig,in,is,oc,ok,on,oo,ot,ow,us bubb,dd,dg,ff,il,lb,lk,ll,nd,nk,r" +
  "d,rg,rs,s,si,sy,tt,ye,zz cabb,bi,bl,ct,ge,ke,ll,lm,me,mp,n,na,nc,nd,nn,no,nv,ny,pa,pi,pt,r,rb,rd,rg,rp,rr,rt,s" +
  "e,sh,si,st,su,t,ta,tc,te,tt,ug,us,ut,ve ceil,le,me,ns,nt,re,rt chai,al,am,an,ao,ap,ar,as,at,ea,ec,ee,ef,er,es," +
  "ic,ie,il,im,oi,oo,ro,uc,un,ur ciga,nn,rc,ti,ty,vi clai,ap,ar,aw,ay,ea,er,ev,ic,ie,if,im,in,ip,oc,og,os,ot,ou,o" +
  "w,ub,um,us,ut coac,as,co,de,ff,il,in,ll,lo,lu,mb,me,mf,mi,mm,mp,nc,nd,nf,ng,nn,ns,nt,nv,ok,ol,pp,py,ra,re,rn,r" +
  "r,st,tt,uc,un,up,ur,us,ve,yo crac,ad,af,am,an,as,at,aw,az,ea,ed,ee,ew,ic,im,is,it,op,os,ou,ow,uc,ue,ui,um,un,u" +
  "s,y,ys cube,lt,p,pb,ri,rr,rt,rv,sh,st,te cycl dad,ma,mp,nc,ng,ri,sh,ug,wn,y deal,ba,br,ca,ce,ci,cl,co,cr,er,fe" +
  ",fi,fy,gr,la,li,ma,mi,ni,nt,ny,pa,pe,po,pt,pu,ri,sc,se,si,sk,sp,st,ta,te,ve,vi,vo diag,al,am,ar,ce,es,et,ff,gi" +
  ",gn,le,nn,no,re,rt,sa,sc,se,sh,sm,so,sp,st,ve,vi,vo,zz doct,cu,g,ll,lp,ma,na,nk,no,or,se,ub,ve draf,ag,am,as,a" +
  "w,ea,es,if,il,in,ip,iv,op,um,y duck,mb,ne,ri,st,tc,ty dwar dyna eage,gl,rl,rn,rt,si,st,sy echo,ol,on edge,it,u" +
  "c effo egg eigh,th elbo,de,ec,eg,em,ep,ev,it,se emba,bo,br,er,ot,pl,po,pt enab,ac,d,dl,do,em,er,fo,ga,gi,ha,jo" +
  ",li,ou,ri,ro,su,te,ti,tr,ve epis equa,ui era,as,od,os,ro,up esca,sa,se,ta eter,hi evid,il,ok,ol exac,am,ce,ch," +
  "ci,cl,cu,ec,er,ha,hi,il,is,it,ot,pa,pe,pi,pl,po,pr,te,tr eye,eb fabr,ce,cu,de,in,it,ll,ls,me,mi,mo,n,nc,nt,rm," +
  "sh,t,ta,th,ti,ul,vo feat,br,de,e,ed,el,ma,nc,st,tc,ve,w fibe,ct,el,gu,le,lm,lt,na,nd,ne,ng,ni,re,rm,rs,sc,sh,t" +
  ",tn,x flag,am,as,at,av,ee,ig,ip,oa,oc,oo,ow,ui,us,y foam,cu,g,il,ld,ll,od,ot,rc,re,rg,rk,rt,ru,rw,ss,st,un,x f" +
  "rag,am,eq,es,ie,in,og,on,os,ow,oz,ui fuel,n,nn,rn,ry,tu gadg,in,la,ll,me,p,ra,rb,rd,rl,rm,s,sp,te,th,ug,ze gen" +
  "e,ni,nr,nt,nu,st ghos gian,ft,gg,ng,ra,rl,ve glad,an,ar,as,id,im,ob,oo,or,ov,ow,ue goat,dd,ld,od,os,ri,sp,ss,v" +
  "e,wn grab,ac,ai,an,ap,as,av,ea,ee,id,ie,it,oc,ou,ow,un guar,es,id,il,it,n gym habi,ir,lf,mm,ms,nd,pp,rb,rd,rs," +
  "rv,t,ve,wk,za head,al,ar,av,dg,ig,ll,lm,lp,n,ro hidd,gh,ll,nt,p,re,st hobb,ck,ld,le,li,ll,me,ne,od,pe,rn,rr,rs" +
  ",sp,st,te,ur,ve hub,ge,ma,mb,mo,nd,ng,nt,rd,rr,rt,sb hybr ice,on idea,en,le igno ill,le,ln imag,it,me,mu,pa,po" +
  ",pr,pu inch,cl,co,cr,de,di,do,du,fa,fl,fo,ha,he,it,je,ju,ma,ne,no,pu,qu,sa,se,si,sp,st,ta,te,to,ve,vi,vo iron " +
  "isla,ol,su item ivor jack,gu,r,zz jeal,an,ll,we job,in,ke,ur,y judg,ic,mp,ng,ni,nk,st kang keen,ep,tc,y kick,d" +
  ",dn,nd,ng,ss,t,tc,te,tt,wi knee,if,oc,ow lab,be,bo,dd,dy,ke,mp,ng,pt,rg,te,ti,ug,un,va,w,wn,ws,ye,zy lead,af,a" +
  "r,av,ct,ft,g,ga,ge,is,mo,nd,ng,ns,op,ss,tt,ve liar,be,br,ce,fe,ft,gh,ke,mb,mi,nk,on,qu,st,tt,ve,za load,an,bs," +
  "ca,ck,gi,ne,ng,op,tt,ud,un,ve,ya luck,gg,mb,na,nc,xu lyri mach,d,gi,gn,id,il,in,jo,ke,mm,n,na,nd,ng,ns,nu,pl,r" +
  "b,rc,rg,ri,rk,rr,sk,ss,st,tc,te,th,tr,tt,xi,ze mead,an,as,at,ch,da,di,lo,lt,mb,mo,nt,nu,rc,rg,ri,rr,sh,ss,ta,t" +
  "h midd,dn,lk,ll,mi,nd,ni,no,nu,ra,rr,se,ss,st,x,xe,xt mobi,de,di,m,me,ni,nk,ns,nt,on,ra,re,rn,sq,th,ti,to,un,u" +
  "s,ve,vi much,ff,le,lt,sc,se,sh,si,st,tu myse,st,th naiv,me,pk,rr,st,ti,tu near,ck,ed,ga,gl,it,ph,rv,st,t,tw,ut" +
  ",ve,ws,xt nice,gh nobl,is,mi,od,rm,rt,se,ta,te,th,ti,ve,w nucl,mb,rs,t oak obey,je,li,sc,se,ta,vi occu,ea,to o" +
  "dor off,fe,fi,te oil okay old,iv,ym omit once,e,io,li,ly open,er,in,po,ti oran,bi,ch,de,di,ga,ie,ig,ph ostr ot" +
  "he outd,te,tp,ts oval,en,er own,ne oxyg oyst ozon pact,dd,ge,ir,la,lm,nd,ne,ni,nt,pe,ra,re,rk,rr,rt,ss,tc,th,t" +
  "i,tr,tt,us,ve,ym peac,an,ar,as,li,n,na,nc,op,pp,rf,rm,rs,t phon,ot,ra,ys pian,cn,ct,ec,g,ge,ll,lo,nk,on,pe,st," +
  "tc,zz plac,an,as,at,ay,ea,ed,uc,ug,un poem,et,in,la,le,li,nd,ny,ol,pu,rt,si,ss,st,ta,tt,ve,wd,we prac,ai,ed,ef" +
  ",ep,es,et,ev,ic,id,im,in,io,is,iv,iz,ob,oc,od,of,og,oj,om,oo,op,os,ot,ou,ov publ,dd,ll,lp,ls,mp,nc,pi,pp,rc,ri" +
  ",rp,rs,sh,t,zz pyra qual,an,ar,es,ic,it,iz,ot rabb,cc,ce,ck,da,di,il,in,is,ll,mp,nc,nd,ng,pi,re,te,th,ve,w,zo " +
  "read,al,as,be,bu,ca,ce,ci,co,cy,du,fl,fo,fu,gi,gr,gu,je,la,le,li,ly,ma,me,mi,mo,nd,ne,nt,op,pa,pe,pl,po,qu,sc," +
  "se,si,so,sp,su,ti,tr,tu,un,ve,vi,wa rhyt rib,bb,ce,ch,de,dg,fl,gh,gi,ng,ot,pp,sk,tu,va,ve road,as,bo,bu,ck,ma," +
  "of,ok,om,se,ta,ug,un,ut,ya rubb,de,g,le,n,nw,ra sad,dd,dn,fe,il,la,lm,lo,lt,lu,me,mp,nd,ti,to,uc,us,ve,y scal," +
  "an,ar,at,en,he,ho,ie,is,or,ou,ra,re,ri,ru sea,ar,as,at,co,cr,ct,cu,ed,ek,gm,le,ll,mi,ni,ns,nt,ri,rv,ss,tt,tu,v" +
  "e shad,af,al,ar,ed,el,er,ie,if,in,ip,iv,oc,oe,oo,op,or,ou,ov,ri,ru,uf,y sibl,ck,de,eg,gh,gn,le,lk,ll,lv,mi,mp," +
  "nc,ng,re,st,tu,x,ze skat,et,i,il,in,ir,ul slab,am,ee,en,ic,id,ig,im,og,ot,ow,us smal,ar,il,ok,oo snac,ak,ap,if" +
  ",ow soap,cc,ci,ck,da,ft,la,ld,li,lu,lv,me,ng,on,rr,rt,ul,un,up,ur,ut spac,ar,at,aw,ea,ec,ee,el,en,he,ic,id,ik," +
  "in,ir,li,oi,on,oo,or,ot,ra,re,ri,y squa,ue,ui stab,ad,af,ag,ai,am,an,ar,at,ay,ea,ee,em,ep,er,ic,il,in,oc,om,on" +
  ",oo,or,ov,ra,re,ri,ro,ru,ud,uf,um,yl subj,bm,bw,cc,ch,dd,ff,ga,gg,it,mm,n,nn,ns,pe,pp,pr,re,rf,rg,rp,rr,rv,sp," +
  "st swal,am,ap,ar,ea,ee,if,im,in,it,or symb,mp,ru,st tabl,ck,g,il,le,lk,nk,pe,rg,sk,st,tt,xi teac,am,ll,n,na,nn" +
  ",nt,rm,st,xt than,at,em,en,eo,er,ey,in,is,ou,re,ri,ro,um,un tick,de,ge,lt,mb,me,ny,p,re,ss,tl toas,ba,da,dd,e," +
  "ge,il,ke,ma,mo,ne,ng,ni,ol,ot,p,pi,pp,rc,rn,rt,ss,ta,ur,wa,we,wn,y trac,ad,af,ag,ai,an,ap,as,av,ay,ea,ee,en,ia" +
  ",ib,ic,ig,im,ip,op,ou,uc,ue,ul,um,us,ut,y tube,it,mb,na,nn,rk,rn,rt twel,en,ic,in,is,o type,pi ugly umbr unab," +
  "aw,cl,co,de,do,fa,fo,ha,if,iq,it,iv,kn,lo,ti,us,ve upda,gr,ho,on,pe,se urba,ge usag,e,ed,ef,el,ua util vaca,cu" +
  ",gu,li,ll,lv,n,ni,po,ri,st,ul vehi,lv,nd,nt,nu,rb,ri,rs,ry,ss,te viab,br,ci,ct,de,ew,ll,nt,ol,rt,ru,sa,si,su,t" +
  "a,vi voca,ic,id,lc,lu,te,ya wage,go,it,lk,ll,ln,nt,rf,rm,rr,sh,sp,st,te,ve,y weal,ap,ar,as,at,b,dd,ek,ir,lc,st" +
  ",t whal,at,ea,ee,en,er,ip,is wide,dt,fe,ld,ll,n,nd,ne,ng,nk,nn,nt,re,sd,se,sh,tn wolf,ma,nd,od,ol,rd,rk,rl,rr," +
  "rt wrap,ec,es,is,it,on yard year,ll you,un,ut zebr,ro zone,o";

/** The first four letters of the English words. */
export const ENGLISH = new Set(
  PACKED.split(" ").flatMap((group) => group.slice(2).split(",").map((rest) => group.slice(0, 2) + rest)),
);

const DISTANCES =
  "$$%'$$$$%$($%%$$$$$%&%$$$&&&%%($$%$(%&$%$%$$''$'%$$(-$%2'%$%$%$%$%$($&&&%$%%$$$'+($$'%&$%$($%$$.$$(%'%'$'%%%,&" +
  "%$$)$$$($'%'($'''-*$$'$$'%$'6/*(3%,$$0-'$6)'+(;&%%'$*)%-2%%,%).%,2$$$)%)/+2'*%%**-%,B*'>.+0%%$$%$$%%(+.%$$%$$&" +
  "$%$$$$$&$,(%$(*%$'/&$%$%$$'()&'%1&$&,%%(%%$%&)$&*$($$$$%*$'%&%)$&$*(&&'-%+%%$(&&1'%''-%$$$$%($$*$$/%%'.&&$'$'%" +
  "4&&&%(4$;.$($%'$%'$($$$&)$$,($%$$%$&'&&$&%0%(6,'&$(%$$$'&%$$$%(%$$$$'$$&$%$&$$$-$'$$%$$$$$)'&+$$&$&'$'$(%)%%1-" +
  ").%*$2?'(2$*(7''$&(AA$%8'(3)$?%)5$0%%,:[4'<W/'`J&%%.&')&$+%&%($&%*'(+-0+$$)&&'(,6%*C;+&).;%$+&$>3&$8*&&$)0-1*2" +
  "(-<5.$((%&$$&-*&)%*'%&$%&%%$$&&&($',%%'(%$1%&'($%&'(($4/&4%.(($%$)%B'%:Q7/{(J!0'&$$)'$%&%0,%'$$%$.$%%$$&$$$)$&" +
  "($%&'$$(%))0*$$$%$-%$$$$&%&%$$%$%$$%&%%%&*0*%%$$%%&$%%$%%),)+(39'1'.L2)*-3!mF$&'$$$$('%&-$$(''0,(%$(&%(+31+*$$" +
  "%%$%$%$(%'('$$%%&&*$'%-K$%$3&$&)%$$.'%-$)$+%'%%$1)'$%0*$&'+%$'$&$&&$'$$(%(&,'*%%')%$*-$$**'-+&$0'&++%$%4.-%3)$" +
  ")$)1(9'(')'2(5'$*$)'8*/'(>/$/-$.%)/261'/*L($3*$$(%5)%%%$+$*'%$&%(.'%%$$&)&($$-*%%%$%$*%$*('''+$&%$$(%%($&)&$&6" +
  "%$(%+(.&$-..'*(,$&/8($&))&)$&%$$$05)$%+$)/$)4+,)%1$,1%$&1423+$$/)$)%(2)&$%*)))))%)'B*)(*&%&$)&'&%)$$,$,'%%$&2-" +
  ")%&+$+%$*%&$'')'+,%&$$$$&(('+'$(%$'/$(&*2'*%*$*1)$*'+7$.,,8F'%%'$&%$$&($%%-'%%,%$$&%'()%$&+%$.&%'&(%$$0$%&/*($" +
  "0(*1/&$4*&%%$6+%3,0$$&$($&%'(5%=%';,,$3'(%*+7&?a36+*)O@%S(4)+%*257%-L1!+):$$'.+',('4$$$$$'+($&2$.%@(%&$$'+%&%$" +
  ")3G%&1$'$&&$(',$(%1+$$&)3&.$,*)%-+($%'%+/))$&&%)(*$'-/'&*(+,&&'$$'&()3$',$-)$&;%%--'=**)&)&$-.'&'($+&&,A%2+2$4" +
  "))$0$.2*(,*&'$,%-$%$',(1,*)*5&*$+-;A?&5-50r/.+%%$(+$.('>$-$$%)$(*,**$)%(&M(-)63.&%(?-()55(-&-)D-.4$'($$$$'+$$'" +
  "0%*(%,&'$&M+*-%8,/(M2'9-=-,,&%%A)$.5604(&QMHPO-3$D%%&&)+$$$%%'-*0&$(&($()3'(%)7'2*%1)S>?]$$$)%$J&,/%%)$($$&$&%" +
  "%$&&')')&+%7@%%>)%hW-''$(-%%$.*%A/(;1$%B$,3,$%*%(<12:.07%%;*$*&3,/%:+0($-%'$)**$%)$.(()%$C&%+'**-50$&(%9)/(@1(" +
  "$$(-*&>5)3-&%)$%%(A(%:-/'2*%C[)92$66+1,($5'3//+,7&%'$)%*&%$$($$(''$&),%/(/(%,$D,'0'$)5++,($)(R+&&/$&6-.$,,3-)'" +
  "%%%$&%&%$$%$$$$$('$$$$$(%&$%&$&$%+%$&)$+&*0&%(/.'%9$)&+*$'%%&%1('9(78L$'$%%*'(%?<+%''4&())%'&1)$'')&1$()%1%&8%" +
  "%&(&$%$)%,4)*$4)'5-&($($@'+8(*2*'(%,$6$$$&(/$.%',1B,$$$++P%%-3%+1$,%5.K6,2%/+6/8)$(8368)>%$'4/1-%1=1B'+*54V%%*" +
  "e:H)A%1+EID&'($'+'5$%ozW4JP[PD/*''%'%%&+4-.8%7$&3*$'!Z0%(('*73&&$$%%%$,4&5+%)%'((*.&'&D,+&+$$=4%&$))%-&+'.4*-)" +
  "%%<%O2'-,$*,-,1$%'$'$$$%)%%%$%&%&'''%&&+$)$%(&$%$&&%(%$(&22)2-4,%C4&$$($%$$&(&$&$&$*/.'$&'-+$06%%$$$$%$%$%$$($" +
  "%$$$-*'*(&)*('$$$1($-'-(.31/%%**'%=$!FA23$$$5<.).$)%+'$(,/(9*$$'%$$'*%)%$%$$*%&(&$*%$'%&*'$&'%$)%$&'$%$$$$/(*%" +
  "'&$$$&&)$%%($($&.&$,$)(&$%$($$%*%,'(&%$%%&$$&)('3&+*)6&:(++/A)&@(+8%'$$$2.<$>&$$$$$%*(O=4/>,3))(Q'-4;5+/3%'('?" +
  "3=D;=<Z@20O.$3)$%*+-&&%%0-$<%%'%$')(,+'$*$0/8>+$&)%*$3%/<5))%&$'%&%%($'2.6$$$$('($$%(&(+($$($)&%$$$(,''$$'(%$/" +
  "%*(%))$$,)$&%$%'$(%+'$'&%*%'4,.)3-*&%%%*E'`+6&-/%$&$%+$%'$81.)$%,),+)$&$$%$$(%$-)$'$.?--&&$3&-$$*(,(30,R$%$$-&" +
  "*,*&6%62()V.:85&(0(%&(&'-()0'O'q%86.8c!!=(>m1$W6!!S%%-5a$=1$8$*$-&*)-/BK2)%2A(,/";

const DIGITS = Array.from({ length: 92 }, (_, index) => String.fromCharCode(35 + index))
  .filter((digit) => digit !== "\\")
  .join("");

/** @returns {Set<string>} the characters of the simplified and the traditional list */
function unpacked() {
  const found = new Set();
  let point = 0x4dff;
  for (const digit of DISTANCES) {
    if (digit === "!") {
      point += DIGITS.length - 1;
    } else {
      point += DIGITS.indexOf(digit);
      found.add(String.fromCodePoint(point));
    }
  }
  return found;
}

/** The characters of the simplified and the traditional list. */
export const CHINESE = unpacked();
